// Pickers of persons (documents/widgets/person.jinja2): the text field becomes who is chosen, and a search for others.

const pause = 250; // ms after the last letter

class Picker {
  constructor(box) {
    this.box = box;
    this.say = box.dataset;
    this.most = Number(this.say.most);
    this.input = box.querySelector("input");
    this.chosen = box.querySelector("[data-people-chosen]");
    this.people = [...this.chosen.children].map(({ dataset: { text, name, note } }) => ({ text, name, note }));
    this.makeSearch();
    this.draw();
    box.dataset.ready = "yes";
  }

  makeSearch() {
    this.search = document.createElement("input");
    Object.assign(this.search, { type: "search", className: "x-input", placeholder: this.say.saySearch, autocomplete: "off", id: this.input.id });
    this.search.setAttribute("enterkeyhint", "search");
    this.list = document.createElement("ul");
    this.list.className = "d-people__found";
    this.state = document.createElement("p");
    this.state.className = "x-quiet";
    this.state.setAttribute("role", "status");
    this.input.removeAttribute("id");
    this.input.required = false; // a hidden field that is required would stop the form without a word
    this.input.hidden = true;
    this.box.append(this.search, this.state, this.list);
    this.search.addEventListener("input", (event) => {
      event.stopPropagation();
      this.write();
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.find(), pause);
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.list.querySelector("button")?.click();
    });
  }

  // Words that nobody was picked for are sent as they are: the server knows staff numbers and names, too.
  write() {
    const words = this.search.value.trim();
    this.input.value = [...this.people.map(({ text }) => text), ...(words ? [words] : [])].join("; ");
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async find() {
    this.stop?.abort();
    const words = this.search.value.trim();
    if (!words) return this.show([], "");
    this.stop = new AbortController();
    try {
      const answer = await fetch(`${this.say.people}?q=${encodeURIComponent(words)}`, { headers: { Accept: "application/json" }, signal: this.stop.signal });
      if (!answer.ok) throw new TypeError(String(answer.status));
      const { people } = await answer.json();
      this.show(people, people.length ? "" : this.say.sayNone);
    } catch (error) {
      if (error.name !== "AbortError") this.show([], this.say.sayLost);
    }
  }

  show(people, sentence) {
    this.state.textContent = sentence;
    this.list.replaceChildren(...people.map((person) => this.row(person)));
    if (people.length) this.search.scrollIntoView({ block: "start" }); // above the keyboard, with room for the names
  }

  row(person) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "d-people__row";
    button.append(part("span", person.name), part("span", [person.note, person.staff_no].filter(Boolean).join(" · "), "x-quiet"));
    button.addEventListener("click", () => this.pick(person));
    item.append(button);
    return item;
  }

  pick(person) {
    const others = this.people.filter(({ text }) => text !== person.text);
    this.people = this.most === 1 ? [person] : [...others, person].slice(0, this.most);
    this.search.value = "";
    this.show([], "");
    this.draw();
    this.write();
    this.search.hidden ? this.chosen.querySelector("button").focus() : this.search.focus();
  }

  remove(person) {
    this.people = this.people.filter((one) => one !== person);
    this.draw();
    this.write();
    this.search.focus();
  }

  draw() {
    this.chosen.replaceChildren(...this.people.map((person) => {
      const item = document.createElement("li");
      const button = part("button", "✕");
      button.type = "button";
      button.setAttribute("aria-label", `${this.say.sayRemove} ${person.name}`);
      button.addEventListener("click", () => this.remove(person));
      item.append(part("span", person.name), part("span", person.note, "x-quiet"), button);
      return item;
    }));
    this.search.hidden = this.people.length >= this.most;
  }
}

function part(tag, text, name = "") {
  const element = document.createElement(tag);
  element.textContent = text ?? "";
  element.className = name;
  return element;
}

function watch(root) {
  for (const box of root.querySelectorAll("[data-people]:not([data-ready])")) new Picker(box);
}

export function watchPeople(root) {
  watch(root);
  root.addEventListener("added", (event) => watch(event.target));
}
