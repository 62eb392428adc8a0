// Sends one file in pieces, as core/xinglin/files/views.py describes, and carries on after a lost connection.

const firstPiece = 256 * 1024;
const quick = 1000; // ms: after a piece that was faster than this, the next one is twice as large
const stalled = 60000; // ms without an answer: the connection counts as lost
const pauses = [1000, 2000, 4000, 8000, 15000];
const passing = [408, 425, 500, 502, 503, 504];

// The server said no: `message` is its sentence, `cure` what to do.
export class Refused extends Error {
  constructor(sentence, cure) {
    super(sentence);
    this.cure = cure;
  }
}

class Lost extends Error {}

export class Transfer {
  // told: { progress(sent), lost(), finishing() }
  constructor(file, { url, plugin, token, signal, told }) {
    Object.assign(this, { file, url, plugin, token, signal, told });
    this.memory = `upload ${plugin} ${file.name} ${file.size} ${file.lastModified}`;
  }

  // Resolves with the id of the finished upload; rejects with Refused, or with an AbortError when it was cancelled.
  async run() {
    let state = await this.insist(() => this.begin());
    const address = `${this.url}/${state.id}`;
    while (state.state === "receiving" && state.offset < this.file.size) {
      state = await this.insist((isAgain) => this.sendPiece(address, state, isAgain));
      this.told.progress(state.offset);
    }
    this.told.finishing();
    if (state.state === "receiving") await this.insist(() => this.call(`${address}/finish`, { method: "POST" }));
    sessionStorage.removeItem(this.memory);
    return state.id;
  }

  // Cancelled: what has arrived is thrown away at once. Without an answer, the server does so after a day.
  forget() {
    const id = sessionStorage.getItem(this.memory);
    sessionStorage.removeItem(this.memory);
    if (id) fetch(`${this.url}/${id}`, { method: "DELETE", headers: { "X-CSRF-Token": this.token }, keepalive: true }).catch(() => {});
  }

  // An upload of the same file that broke off with the page is taken up again.
  async begin() {
    const known = sessionStorage.getItem(this.memory);
    if (known) {
      const answer = await this.ask(`${this.url}/${known}`, {});
      if (answer.ok) return answer.json();
      sessionStorage.removeItem(this.memory);
    }
    const { name, size } = this.file;
    const body = JSON.stringify({ plugin: this.plugin, name, size });
    const headers = { "Content-Type": "application/json" };
    const state = await this.call(this.url, { method: "POST", headers, body });
    sessionStorage.setItem(this.memory, state.id);
    return state;
  }

  async sendPiece(address, state, isAgain) {
    const known = isAgain ? await this.call(address, {}) : state;
    if (known.offset >= this.file.size) return known;
    this.pieceBytes = Math.min(this.pieceBytes ?? firstPiece, known.piece_bytes);
    const body = this.file.slice(known.offset, known.offset + this.pieceBytes);
    const began = performance.now();
    const headers = { "Upload-Offset": String(known.offset), "Content-Type": "application/octet-stream" };
    const answer = await this.ask(address, { method: "PUT", headers, body });
    if (answer.status === 409) return { ...known, offset: (await answer.json()).offset };
    if (performance.now() - began < quick) this.pieceBytes *= 2;
    return this.taken(answer);
  }

  // Tries until there is an answer; the connection may be gone for as long as it likes.
  async insist(step) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await step(attempt > 0);
      } catch (error) {
        if (!(error instanceof Lost) || this.signal.aborted) throw error;
        this.told.lost();
        this.pieceBytes = firstPiece;
        await this.pause(pauses[Math.min(attempt, pauses.length - 1)]);
      }
    }
  }

  async call(address, options) {
    return this.taken(await this.ask(address, options));
  }

  async taken(answer) {
    if (answer.ok) return answer.json();
    const problem = await answer.json().catch(() => ({}));
    throw new Refused(problem.title ?? "", problem.detail ?? "");
  }

  // The answer, unless it only says "later" or never comes: then Lost.
  async ask(address, options) {
    const stop = new AbortController();
    const cancel = () => stop.abort();
    const timer = window.setTimeout(cancel, stalled);
    this.signal.addEventListener("abort", cancel);
    try {
      const headers = { Accept: "application/json", "X-CSRF-Token": this.token, ...options.headers };
      const answer = await fetch(address, { ...options, headers, redirect: "manual", signal: stop.signal });
      const isLater = passing.includes(answer.status) || (answer.status === 429 && answer.headers.has("Retry-After"));
      if (isLater) throw new Lost(String(answer.status));
      return answer;
    } catch (error) {
      if (this.signal.aborted) throw new DOMException("cancelled", "AbortError");
      throw new Lost(error.message);
    } finally {
      window.clearTimeout(timer);
      this.signal.removeEventListener("abort", cancel);
    }
  }

  // Waits, but not longer than until the connection is back or the upload is cancelled.
  pause(milliseconds) {
    return new Promise((resolve, reject) => {
      const cancel = () => leave(() => reject(new DOMException("cancelled", "AbortError")));
      const goOn = () => leave(resolve);
      const timer = window.setTimeout(goOn, milliseconds);
      const leave = (act) => {
        window.clearTimeout(timer);
        window.removeEventListener("online", goOn);
        this.signal.removeEventListener("abort", cancel);
        act();
      };
      window.addEventListener("online", goOn);
      this.signal.addEventListener("abort", cancel);
    });
  }
}
