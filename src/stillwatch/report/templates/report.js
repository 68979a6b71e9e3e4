'use strict';
// Everything here is an addition: without it the page shows the same facts.
(() => {
  const all = (query, root = document) => [...root.querySelectorAll(query)];
  document.documentElement.classList.add('js');

  const theme = document.getElementById('theme');
  const themes = ['system', 'light', 'dark'];
  const dress = chosen => {
    document.documentElement.dataset.theme = chosen;
    theme.textContent = 'Theme: ' + chosen;
  };
  // A browser may refuse to keep anything, above all for a file.
  const kept = value => { try { return value ? localStorage.setItem('theme', value) : localStorage.getItem('theme'); } catch { return null; } };
  if (themes.includes(kept())) dress(kept());
  theme.addEventListener('click', () => {
    const now = document.documentElement.dataset.theme || 'system';
    dress(themes[(themes.indexOf(now) + 1) % themes.length]);
    kept(document.documentElement.dataset.theme);
  });

  // Sorting. Unknown values stay at the end in both directions; equal ones keep their order.
  const key = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.v ?? cell.textContent.replace(/^[<>–\s]+|,(?=\d{3})/g, '').trim();
    return text === '' ? null : isNaN(text) ? text : Number(text);
  };
  const compare = (a, b) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en');
  const sort = (table, heading, column) => {
    const down = heading.getAttribute('aria-sort') === 'ascending';
    const known = [], unknown = [];
    for (const row of table.tBodies[0].rows) {
      const value = key(row, column);
      (value === null ? unknown : known).push({row, value});
    }
    known.sort((a, b) => (down ? -1 : 1) * compare(a.value, b.value));
    table.tBodies[0].append(...known.concat(unknown).map(item => item.row));
    all('th', table).forEach(th => th.removeAttribute('aria-sort'));
    heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  };
  const sortable = root => all('table.sortable', root).forEach(table => all('thead th', table).forEach((heading, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener('click', () => sort(table, heading, column));
  }));

  // A link into a closed part opens it.
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let part = target; part; part = part.parentElement) if (part.tagName === 'DETAILS') part.open = true;
  };
  window.addEventListener('hashchange', reveal);
  reveal();

  const graphs = root => all('figure.graph', root).forEach(figure => {
    const svg = figure.querySelector('.canvas > svg');
    const tip = figure.querySelector('.tip');
    const rows = all('tbody tr', figure.nextElementSibling).filter(row => row.cells.length === 5);
    const place = mark => ({x: mark.x.baseVal.value, y: mark.y.baseVal.value});
    const {names, places} = svg.querySelector('.nodes').dataset;
    const nodes = all('.nodes > use', svg).map((mark, i) =>
      ({mark, ...place(mark), name: names.split('\n')[i], leads: places && places.split(' ')[i]}));
    const heads = all('thead th', figure.nextElementSibling).map(head => head.textContent);
    const edges = all('.edges > path', svg).map((mark, i) => {
      const [a, b] = mark.dataset.ab.split(' ').map(Number);
      return {mark, a, b, why: mark.parentNode.dataset.why, row: rows[i]};
    });
    let current = -1;

    const say = (lines, x, y) => {
      tip.replaceChildren(...lines.map((line, i) => {
        const part = document.createElement(i ? 'span' : 'strong');
        part.textContent = line;
        return part;
      }));
      tip.hidden = false;
      const scale = svg.clientWidth / svg.viewBox.baseVal.width;
      const room = svg.clientWidth - tip.offsetWidth - 8;
      tip.style.left = Math.max(0, Math.min(x * scale + 12, room)) + 'px';
      tip.style.top = Math.max(0, y * scale - tip.offsetHeight - 12) + 'px';
    };
    const clear = () => {
      svg.classList.remove('focused');
      all('.lit', svg).forEach(mark => mark.classList.remove('lit'));
      tip.hidden = true;
    };
    const shown = edge => !edge.mark.parentNode.classList.contains('off');
    const light = (chosen, ends) => {
      clear();
      svg.classList.add('focused');
      chosen.forEach(edge => edge.mark.classList.add('lit'));
      ends.forEach(i => nodes[i].mark.classList.add('lit'));
    };
    const showNode = i => {
      const mine = edges.filter(edge => shown(edge) && (edge.a === i || edge.b === i));
      light(mine, new Set([i, ...mine.flatMap(edge => [edge.a, edge.b])]));
      const why = new Map();
      mine.forEach(edge => why.set(edge.why, (why.get(edge.why) || 0) + 1));
      const reasons = [...why].map(([kind, n]) => n + (n === 1 ? ' link: ' : ' links: ') + kind);
      say([nodes[i].name, ...(reasons.length ? reasons : ['no link shown'])], nodes[i].x, nodes[i].y);
    };
    const showEdge = (edge, x, y) => {
      light([edge], [edge.a, edge.b]);
      const cells = [...edge.row.cells].map(cell => cell.textContent.trim());
      const numbers = [2, 3, 4].map(i => heads[i].toLowerCase() + ' ' + cells[i]).join(', ');
      say([cells[0] + ' and ' + cells[1], edge.why, numbers], x, y);
    };
    const distance = (p, a, b) => {
      const dx = b.x - a.x, dy = b.y - a.y;
      const t = Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy || 1)));
      return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
    };
    const nearest = (items, measure, reach) => {
      let best = -1, least = reach;
      items.forEach((item, i) => { const d = measure(item); if (d < least) { least = d; best = i; } });
      return best;
    };
    const point = event => {
      const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
      return {x: (event.clientX - box.left) * view.width / box.width, y: (event.clientY - box.top) * view.height / box.height};
    };
    const explore = event => {
      const p = point(event);
      const node = nearest(nodes, n => Math.hypot(p.x - n.x, p.y - n.y), 11);
      if (node >= 0) { current = node; showNode(node); return; }
      const edge = nearest(edges, e => shown(e) ? distance(p, nodes[e.a], nodes[e.b]) : Infinity, 6);
      if (edge >= 0) showEdge(edges[edge], p.x, p.y); else clear();
    };
    svg.addEventListener('pointermove', explore);
    svg.addEventListener('pointerdown', explore);
    svg.addEventListener('pointerleave', clear);
    const follow = i => { if (i >= 0 && nodes[i].leads) location.assign(nodes[i].leads); };
    svg.addEventListener('click', event => {
      const p = point(event);
      follow(nearest(nodes, n => Math.hypot(p.x - n.x, p.y - n.y), 11));
    });
    svg.addEventListener('blur', clear);
    svg.addEventListener('keydown', event => {
      const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
      if (event.key === 'Escape') clear();
      if (event.key === 'Enter') follow(current);
      if (!step) return;
      event.preventDefault();
      current = current < 0 ? (step > 0 ? 0 : nodes.length - 1) : (current + step + nodes.length) % nodes.length;
      showNode(current);
    });
    all('input[data-kind]', figure).forEach(box => box.addEventListener('change', () => {
      all('.edges', svg).filter(g => g.dataset.kind === box.dataset.kind).forEach(g => g.classList.toggle('off', !box.checked));
      clear();
    }));
  });

  // A link or form marked with data-part replaces that part of the page instead of the whole page.
  let asked = 0;
  const replacePart = async (address, id) => {
    const mine = ++asked;
    const reply = await fetch(address, {credentials: 'same-origin'});
    if (reply.redirected || !reply.ok) { location.assign(address); return; }
    const fresh = new DOMParser().parseFromString(await reply.text(), 'text/html').getElementById(id);
    const old = document.getElementById(id);
    if (mine !== asked || !old) return;
    if (!fresh) { location.assign(address); return; }
    const from = document.activeElement;
    const held = old.contains(from) && from.dataset.keep;
    old.replaceWith(fresh);
    enhance(fresh);
    document.dispatchEvent(new CustomEvent('part', {detail: fresh}));
    history.replaceState(null, '', address);
    const again = held ? fresh.querySelector('[data-keep="' + held + '"]') : fresh;
    if (!again) return;
    again.focus({preventScroll: true});
    if (!again.select) return;
    again.value = from.value;  // what was typed since
    again.setSelectionRange(again.value.length, again.value.length);
  };
  const parts = root => {
    all('a[data-part]', root).forEach(link => link.addEventListener('click', event => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      replacePart(link.href, link.dataset.part);
    }));
    all('form[data-part]', root).forEach(form => {
      const send = () => replacePart(form.action + '?' + new URLSearchParams(new FormData(form)), form.dataset.part);
      let waiting = 0;
      form.addEventListener('submit', event => { event.preventDefault(); clearTimeout(waiting); send(); });
      form.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(send, 250); });
    });
  };

  function enhance(root) { sortable(root); graphs(root); parts(root); }
  enhance(document);
})();
