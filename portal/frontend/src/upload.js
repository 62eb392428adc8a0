// Pages that take files: the macro `upload` of macros.jinja2. One file after the other, each with its progress.
import { Refused, Transfer } from "./transfer.js";

class Row {
  constructor(box, file) {
    this.say = box.dataset;
    this.file = file;
    this.element = box.querySelector("template").content.cloneNode(true).firstElementChild;
    this.part = (selector) => this.element.querySelector(selector);
    this.said = box.querySelector("[data-upload-said]");
    this.part(".x-upload__name").textContent = file.name;
    this.bar = this.part("progress");
    this.bar.setAttribute("aria-label", file.name);
    for (const button of this.element.querySelectorAll("button")) {
      button.setAttribute("aria-label", `${button.textContent} ${file.name}`);
    }
  }

  // A sentence that is read out, too; the running number is not.
  tell(sentence, isError = false) {
    const state = this.part("[data-state]");
    state.textContent = sentence;
    state.className = isError ? "x-field__error" : "x-quiet";
    this.said.textContent = `${this.file.name}: ${sentence}`;
  }

  progress(sent) {
    this.bar.value = Math.floor((sent / this.file.size) * 100);
    this.part("[data-state]").textContent = `${this.say.saySending} ${this.bar.value}%`;
    this.part("[data-state]").className = "x-quiet";
  }

  fail(error) {
    const hasSentence = error instanceof Refused && error.message !== "";
    this.tell(hasSentence ? `${error.message}${/[。？！]$/.test(error.message) ? "" : " "}${error.cure}` : this.say.sayFailed, true);
    this.bar.hidden = true;
    this.part("[data-again]").hidden = hasSentence; // what was refused would be refused again
    const close = this.part("[data-cancel]");
    close.textContent = this.say.sayClose;
    close.setAttribute("aria-label", `${close.textContent} ${this.file.name}`);
  }
}

class Uploader {
  constructor(box) {
    this.box = box;
    this.rows = box.querySelector("[data-upload-rows]");
    this.button = box.querySelector("[data-upload-add]");
    this.queue = Promise.resolve();
    this.open = 0;
    this.button.addEventListener("click", () => this.choose());
    box.hidden = false;
  }

  get list() {
    return document.getElementById(this.box.dataset.list);
  }

  // A fresh input each time: the same file may be chosen again. It is kept, or Safari forgets what was chosen.
  choose() {
    const input = document.createElement("input");
    Object.assign(input, { type: "file", multiple: true });
    input.addEventListener("change", () => {
      for (const file of input.files) this.add(file);
      this.rows.firstElementChild?.scrollIntoView({ block: "center" });
    });
    this.input = input;
    input.click();
  }

  add(file) {
    const row = new Row(this.box, file);
    this.rows.append(row.element);
    if (this.open >= Number(this.list.dataset.room)) {
      row.fail(new Refused(this.box.dataset.sayFull, ""));
      row.part("[data-cancel]").addEventListener("click", () => this.remove(row));
      return;
    }
    row.tell(this.box.dataset.sayWaiting);
    const cancelled = new AbortController();
    row.part("[data-cancel]").addEventListener("click", () => {
      cancelled.abort();
      this.remove(row);
    });
    row.part("[data-again]").addEventListener("click", () => {
      cancelled.abort();
      this.remove(row);
      this.add(file);
    });
    this.open += 1;
    this.queue = this.queue.then(() => this.send(row, cancelled.signal)).finally(() => (this.open -= 1));
  }

  async send(row, signal) {
    if (signal.aborted) return;
    const { url, plugin, csrfToken: token, sayLost, sayFinishing, sayAdded } = this.box.dataset;
    row.tell(this.box.dataset.saySending);
    const told = {
      progress: (sent) => row.progress(sent),
      lost: () => row.tell(sayLost, true),
      finishing: () => row.tell(sayFinishing),
    };
    const transfer = new Transfer(row.file, { url, plugin, token, signal, told });
    try {
      const id = await transfer.run();
      const body = new URLSearchParams({ file: id });
      await transfer.insist(() => transfer.call(this.box.dataset.attachUrl, { method: "POST", body }));
      row.tell(sayAdded);
      this.remove(row);
      this.list.dispatchEvent(new CustomEvent("attached"));
    } catch (error) {
      if (error.name === "AbortError") transfer.forget();
      else row.fail(error);
    }
  }

  // Who was on the row stands on the button afterwards, not at the top of the page.
  remove(row) {
    const hadFocus = row.element.contains(document.activeElement);
    row.element.remove();
    if (hadFocus) this.button.focus();
  }
}

const uploaders = [...document.querySelectorAll("[data-upload]")].map((box) => new Uploader(box));
const busy = () => uploaders.find((uploader) => uploader.open > 0);
let mayLeave = false;

window.addEventListener("beforeunload", (event) => {
  if (busy() && !mayLeave) event.preventDefault();
});

// Before the other listeners of forms: a form that is not sent must not look as if it were.
window.addEventListener("submit", (event) => {
  const uploader = busy();
  if (!uploader) return;
  mayLeave = window.confirm(uploader.box.dataset.sayLeave);
  if (mayLeave) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
