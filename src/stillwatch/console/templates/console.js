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
})();
