// A gloved finger taps twice: a form is sent once. The server's request key is the net, this is the courtesy.

const patience = 8000;

function settle(form, buttons) {
  delete form.dataset.sending;
  for (const button of buttons) button.classList.remove("weui-btn_loading");
}

function onSubmit(event) {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (form.dataset.sending || (question && !window.confirm(question))) {
    event.preventDefault();
    return;
  }
  const buttons = form.querySelectorAll("button[type=submit]");
  form.dataset.sending = "yes";
  event.submitter?.classList.add("weui-btn_loading");
  window.setTimeout(settle, patience, form, buttons);
}

// Back from the next page: the browser may show this page as it was left.
function onShow() {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    settle(form, form.querySelectorAll("button[type=submit]"));
  }
}

function onChange(event) {
  const form = event.target.closest?.("form[data-submit-on-change]");
  if (form) form.requestSubmit?.() ?? form.submit();
}

export function watchSubmits(root) {
  root.addEventListener("submit", onSubmit);
  root.addEventListener("change", onChange);
  window.addEventListener("pageshow", onShow);
}
