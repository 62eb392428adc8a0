// Repeated groups in forms: the server renders one <template data-prototype> per group, buttons add and remove copies.

let added = 0;

function items(group) {
  return group.querySelectorAll(":scope > [data-sequence-items] > [data-sequence-item]");
}

function refresh(group) {
  const count = items(group).length;
  const { min, max } = group.dataset;
  group.querySelector(":scope > [data-sequence-add]").disabled = count >= Number(max);
  for (const item of items(group)) {
    item.querySelector("[data-sequence-remove]").disabled = count <= Number(min);
  }
}

// Every copy needs ids (and radio names) of its own, otherwise labels point at the first copy.
function makeUnique(fragment, suffix) {
  for (const element of fragment.querySelectorAll("*")) {
    for (const name of ["id", "for", "name", "aria-describedby", "href"]) {
      const value = element.getAttribute(name);
      if (value?.includes("deformField")) {
        element.setAttribute(name, value.replace(/deformField\d+/g, (id) => id + suffix));
      }
    }
    if (element.tagName === "TEMPLATE") makeUnique(element.content, suffix);
  }
}

function add(group) {
  const prototype = group.querySelector(":scope > template[data-prototype]");
  const copy = prototype.content.cloneNode(true);
  added += 1;
  makeUnique(copy, `n${added}`);
  const list = group.querySelector(":scope > [data-sequence-items]");
  list.append(copy);
  refresh(group);
  list.lastElementChild.dispatchEvent(new CustomEvent("added", { bubbles: true }));
  list.lastElementChild.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}

function remove(group, button) {
  button.closest("[data-sequence-item]").remove();
  refresh(group);
  group.dispatchEvent(new CustomEvent("removed", { bubbles: true }));
}

export function watchSequences(root) {
  root.querySelectorAll("[data-sequence]").forEach(refresh);
  root.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-sequence-add], [data-sequence-remove]");
    if (!button) return;
    const group = button.closest("[data-sequence]");
    if (button.hasAttribute("data-sequence-add")) add(group);
    else remove(group, button);
  });
}
