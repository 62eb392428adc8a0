// Handling several documents at once: "all", and how many are ticked, on the button that does it.

function watch(form) {
  const boxes = [...document.querySelectorAll(`input[type=checkbox][form="${form.id}"]`)];
  const all = document.querySelector("[data-tick-all]");
  const button = form.querySelector("[data-counted]");
  const update = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    button.disabled = !ticked;
    button.textContent = button.dataset.counted.replace("${count}", ticked);
    if (!all) return;
    const box = all.querySelector("input");
    box.checked = ticked > 0 && ticked === boxes.length;
    box.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  if (all && boxes.length) {
    all.hidden = false;
    all.addEventListener("change", () => {
      const isOn = all.querySelector("input").checked;
      for (const box of boxes) box.checked = isOn;
      update();
    });
  }
  for (const box of boxes) box.addEventListener("change", update);
  window.addEventListener("pageshow", update); // back from the results: the browser may have kept the ticks
  update();
}

// The list of more acts closes by a tap beside it and by Escape.
function closeMore(event) {
  for (const box of document.querySelectorAll("details.d-more[open]")) {
    if (event.key === "Escape" || (event.type === "click" && !box.contains(event.target))) box.open = false;
  }
}

export function watchInbox(root) {
  root.querySelectorAll("form[data-batch]").forEach(watch);
  root.addEventListener("click", closeMore);
  root.addEventListener("keydown", closeMore);
}
