// Sums of detail rows, kept while they are filled in. The server reckons them anew; nothing of this is sent.

const places = 6;

// A decimal as a whole number of millionths: no binary fraction ever rounds money.
function millionths(text) {
  const plain = text.normalize("NFKC").replace(/[,\s¥]/g, "");
  const found = /^([+-]?)(\d*)\.?(\d*)$/.exec(plain);
  if (!found || !(found[2] || found[3])) return 0n;
  const whole = BigInt(found[2] + found[3].slice(0, places).padEnd(places, "0"));
  return found[1] === "-" ? -whole : whole;
}

function spoken(sum) {
  const digits = String(sum < 0n ? -sum : sum).padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "").padEnd(2, "0");
  return `${sum < 0n ? "-" : ""}${digits.slice(0, -places).replace(/\B(?=(\d{3})+$)/g, ",")}.${fraction}`;
}

function reckon(form) {
  for (const output of form.querySelectorAll("[data-total-rows]")) {
    const { totalRows, totalColumn } = output.dataset;
    const start = [...form.querySelectorAll("input[name=__start__]")].find(({ value }) => value === `${totalRows}:sequence`);
    if (!start) continue;
    const cells = start.closest("[data-sequence]").querySelectorAll(`[data-sequence-items] [name="${CSS.escape(totalColumn)}"]`);
    output.textContent = spoken([...cells].reduce((sum, { value }) => sum + millionths(value), 0n));
  }
}

export function watchTotals(root) {
  for (const name of ["input", "added", "removed"]) {
    root.addEventListener(name, ({ target }) => target.closest?.("form") && reckon(target.closest("form")));
  }
  for (const output of root.querySelectorAll("[data-total-rows]")) output.closest("form") && reckon(output.closest("form"));
}
