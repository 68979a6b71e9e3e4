'use strict';
// What only the console needs; everything else is in the script that the report has too.
(() => {
  // A passkey: the server says what to ask the device, the device's answer goes back in the form.
  const keys = window.PublicKeyCredential;
  document.querySelectorAll('form[data-passkey]').forEach(form => {
    if (!keys || !keys.parseRequestOptionsFromJSON) return;
    form.hidden = false;
    form.addEventListener('submit', async event => {
      event.preventDefault();
      const options = JSON.parse(form.dataset.passkey), adds = 'adds' in form.dataset;
      try {
        const answer = adds
          ? await navigator.credentials.create({publicKey: keys.parseCreationOptionsFromJSON(options)})
          : await navigator.credentials.get({publicKey: keys.parseRequestOptionsFromJSON(options)});
        form.elements.credential.value = JSON.stringify(answer);
        form.submit();
      } catch (error) {
        form.querySelector('[role=status]').textContent = 'Not done: ' + error.message;
      }
    });
  });

  // A long table holds the rows around what is looked at; the others are fetched when they come near. All of it has one
  // scroll bar of the right length, so the pages that work without a script are not needed.
  const long = region => {
    const body = region.querySelector('tbody'), {more} = region.dataset;
    const [total, per, first] = ['total', 'per', 'first'].map(name => Number(region.dataset[name]));
    const pages = new Map([[first / per, [...body.rows]]]), height = body.rows[0].offsetHeight;
    region.parentNode.querySelectorAll('.turn, .paged').forEach(part => { part.hidden = true; });
    const gap = rows => {
      const row = document.createElement('tr');
      row.className = 'gap';
      row.setAttribute('aria-hidden', 'true');
      row.insertCell().style.height = rows * height + 'px';
      return row;
    };
    const near = () => {
      const top = Math.max(0, region.scrollTop / height), rows = region.clientHeight / height;
      const last = Math.ceil(total / per) - 1, at = row => Math.min(last, Math.max(0, Math.floor(row / per)));
      const wanted = [];
      for (let page = at(top - rows); page <= at(top + 2 * rows); page++) wanted.push(page);
      return wanted;
    };
    const load = async page => {
      const reply = await fetch(more + (page + 1), {credentials: 'same-origin'});
      if (reply.redirected || !reply.ok) { location.reload(); return; }
      const whole = new DOMParser().parseFromString(await reply.text(), 'text/html');
      pages.set(page, [...whole.querySelectorAll('.accounts tbody tr')]);
    };
    let drawn = '';
    const draw = () => {
      const here = near().filter(page => pages.has(page));
      if (!here.length || here.join() === drawn) return;
      drawn = here.join();
      const rows = here.flatMap(page => pages.get(page)), before = here[0] * per;
      rows.forEach((row, i) => row.setAttribute('aria-rowindex', before + i + 2));
      const after = total - before - rows.length;
      body.replaceChildren(...(before ? [gap(before)] : []), ...rows, ...(after > 0 ? [gap(after)] : []));
    };
    let asked = 0;
    const look = async () => {
      draw();
      const mine = ++asked;
      for (const page of near()) {
        if (pages.has(page)) continue;
        await load(page);
        if (mine !== asked) return;
        draw();
      }
    };
    region.addEventListener('scroll', () => requestAnimationFrame(look));
    draw();
    region.scrollTop = first * height;
    look();
  };
  const lengthen = root => root.querySelectorAll('.long').forEach(long);
  document.addEventListener('part', event => lengthen(event.detail));
  lengthen(document);
})();
