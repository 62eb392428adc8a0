// Common phrases: a sheet from below; a tap puts the phrase into the opinion, after what stands there.

function fill(area, phrase) {
  const before = area.value.trimEnd();
  area.value = before ? `${before}${/[。！？.!?]$/.test(before) ? "" : "。"}${phrase}` : phrase;
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
}

function watch(box) {
  const open = box.querySelector("[data-phrases-open]");
  const sheet = box.querySelector("[data-phrases-sheet]");
  const close = () => {
    sheet.hidden = true;
    open.focus();
  };
  open.hidden = false;
  open.addEventListener("click", () => {
    sheet.hidden = false;
    sheet.querySelector("button")?.focus();
  });
  sheet.addEventListener("keydown", (event) => event.key === "Escape" && close());
  sheet.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-phrase]");
    if (chosen) {
      sheet.hidden = true;
      fill(document.getElementById(box.dataset.phrases), chosen.textContent);
    } else if (event.target === sheet || event.target.closest("[data-phrases-close]")) close();
  });
}

export function watchPhrases(root) {
  root.querySelectorAll("[data-phrases]").forEach(watch);
}
