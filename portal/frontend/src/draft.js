// Forms that save themselves: the macro `draft_state` of documents/_form.jinja2 inside a form.

const quiet = 3000; // ms after the last change
const pauses = [2000, 4000, 8000, 15000];
const stalled = 20000; // ms without an answer: the connection counts as lost
const passing = [408, 425, 429, 500, 502, 503, 504];

class Draft {
  constructor(box) {
    this.box = box;
    this.form = box.closest("form");
    this.known = box.dataset.known;
    this.said = box.querySelector("[data-draft-said]");
    this.choice = box.querySelector("[data-draft-choice]");
    this.failures = 0;
    this.isChanged = this.isSaving = this.isLost = this.isOver = false;
    this.last = this.controls();
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("change", () => this.changed());
    this.form.addEventListener("submit", () => (this.isOver = true));
    this.form.addEventListener("added", () => this.changed());
    this.form.addEventListener("removed", () => this.changed());
    box.querySelector("[data-draft-load]").addEventListener("click", () => {
      this.isOver = true;
      location.reload();
    });
    box.querySelector("[data-draft-keep]").addEventListener("click", () => {
      this.choice.hidden = true;
      this.isOver = false;
      this.save({ isForced: true });
    });
    window.addEventListener("online", () => this.isLost && this.save({}));
    window.addEventListener("pagehide", () => this.leave());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.leave());
    window.addEventListener("pageshow", (event) => event.persisted && (this.isOver = false));
    window.addEventListener("beforeunload", (event) => this.isLost && !this.isOver && event.preventDefault());
  }

  controls() {
    const kept = [...new FormData(this.form)].filter(([name, value]) => typeof value === "string" && !["csrf_token", "request_key", "signature"].includes(name));
    return JSON.stringify(kept);
  }

  changed() {
    if (this.isOver) return;
    this.isChanged = true;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.save({}), quiet);
  }

  // A page that is left is saved at once; the browser sends it even when the page is gone.
  leave() {
    if (this.isChanged && !this.isOver && !this.isSaving) this.save({ isLeaving: true });
  }

  tell(sentence, isError = false) {
    this.said.textContent = sentence;
    this.said.className = isError ? "x-field__error" : "x-quiet";
    this.box.classList.toggle("d-draft_urgent", isError); // stays in sight wherever the page is scrolled to
  }

  async save({ isForced = false, isLeaving = false }) {
    window.clearTimeout(this.timer);
    const controls = this.controls();
    if (this.isSaving || this.isOver || (controls === this.last && !isForced && !this.isLost)) return;
    this.isSaving = true;
    this.isChanged = false;
    if (!this.isLost) this.tell(this.box.dataset.saySaving);
    try {
      const answer = await this.send(controls, isForced, isLeaving);
      if (passing.includes(answer.status)) throw new TypeError(String(answer.status));
      await this.answered(answer, controls);
    } catch {
      this.lost();
    } finally {
      this.isSaving = false;
    }
    if (this.isChanged && !this.isLost) this.changed();
  }

  async send(controls, isForced, isLeaving) {
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), stalled);
    const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": this.box.dataset.csrfToken };
    const body = `{"controls":${controls},"known":${JSON.stringify(this.known)},"is_forced":${isForced}}`;
    const isSmall = new Blob([body]).size < 60000; // browsers refuse longer ones from a page that is going
    try {
      return await fetch(this.box.dataset.draft, { method: "POST", headers, body, keepalive: isLeaving && isSmall, signal: stop.signal, redirect: "manual" });
    } finally {
      window.clearTimeout(timer);
    }
  }

  async answered(answer, controls) {
    const told = await answer.json().catch(() => ({}));
    this.isLost = false;
    this.failures = 0;
    if (answer.ok) {
      this.known = told.saved_at;
      this.last = controls;
      this.tell(`${this.box.dataset.saySaved} ${told.saved}`);
    } else if (answer.status === 409) {
      this.isOver = true; // until the person has chosen
      this.tell(`${told.title} ${told.saved} ${told.detail}`, true);
      this.choice.hidden = false;
    } else {
      this.tell(`${this.box.dataset.sayFailed} ${told.title ?? ""} ${told.detail ?? ""}`, true);
    }
  }

  lost() {
    this.isLost = this.isChanged = true;
    this.tell(this.box.dataset.sayLost, true);
    const pause = pauses[Math.min(this.failures, pauses.length - 1)];
    this.failures += 1;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.save({}), pause);
  }
}

export function watchDrafts(root) {
  for (const box of root.querySelectorAll("[data-draft]")) new Draft(box);
}
