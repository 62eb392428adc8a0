// Fields that count what is typed (data-limit="60"), and fields that hold one line but show all of it (data-one-line).

function shown(field) {
  const count = document.createElement("p");
  count.className = "x-field__count";
  field.after(count);
  return count;
}

function watch(field) {
  const count = shown(field);
  const limit = Number(field.dataset.limit);
  const update = () => {
    const length = [...field.value.trim()].length; // characters, as the server counts them
    count.textContent = `${length}/${limit}`;
    count.classList.toggle("x-field__count_over", length > limit);
  };
  field.addEventListener("input", update);
  update();
}

function grow(field) {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

function keepOneLine(field) {
  grow(field);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) event.preventDefault();
  });
  field.addEventListener("input", (event) => {
    if (!event.isComposing && /[\r\n]/.test(field.value)) field.value = field.value.replace(/\s*[\r\n]+\s*/g, " ");
    grow(field);
  });
}

export function watchFields(root) {
  root.querySelectorAll("[data-one-line]").forEach(keepOneLine);
  root.querySelectorAll("[data-limit]").forEach(watch);
}
