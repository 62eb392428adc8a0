// The simulated phone: tabs, conversations, web view, polling. No framework on purpose.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const phone = byId("phone");
  const base = `/phone/${phone.dataset.userid}`;
  const POLL_MS = 1500;
  let state = JSON.parse(byId("state").textContent);
  let conversation = null;
  let depth = 0;
  let isGoingBack = false;

  const post = (path, body) =>
    fetch(base + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body || {}) });

  function show(name) {
    for (const one of ["home", "thread", "web"]) byId(`screen-${one}`).hidden = one !== name;
  }

  function showTab(name) {
    for (const one of ["messages", "workbench"]) {
      byId(`tab-${one}`).hidden = one !== name;
      byId(`button-${one}`).setAttribute("aria-selected", String(one === name));
    }
    byId("home-title").textContent = name === "messages" ? "消息" : "工作台";
  }

  function drawThread() {
    const thread = byId("thread");
    const wasAtEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
    thread.innerHTML = state.threads[conversation] || "";
    if (wasAtEnd) thread.scrollTop = thread.scrollHeight;
  }

  function openConversation(key) {
    conversation = key;
    byId("thread-title").textContent = state.names[key] || "";
    byId("say").hidden = !key.startsWith("app-");
    show("thread");
    drawThread();
    byId("thread").scrollTop = byId("thread").scrollHeight;
    post("/read", { conversation: key }).then(poll);
  }

  function closeWeb() {
    byId("web-body").replaceChildren();
    show(conversation ? "thread" : "home");
  }

  function openWeb(url, title) {
    if (!url) return;
    const frame = document.createElement("iframe");
    const address = `${base}/open?url=${encodeURIComponent(url)}`;
    depth = 0;
    isGoingBack = false;
    frame.dataset.testid = "webview";
    frame.title = title;
    frame.addEventListener("load", () => {
      depth += isGoingBack ? -1 : 1;
      isGoingBack = false;
    });
    frame.src = address;
    byId("web-title").textContent = title;
    byId("web-outside").href = address;
    byId("web-body").replaceChildren(frame);
    show("web");
  }

  function apply(next) {
    state = next;
    byId("conversations").innerHTML = next.list;
    const count = byId("message-count");
    count.textContent = String(next.count);
    count.dataset.count = String(next.count);
    const badge = byId("total-unread");
    badge.textContent = next.unread > 99 ? "99+" : String(next.unread);
    badge.hidden = next.unread === 0;
    if (conversation) {
      drawThread();
      if (!byId("screen-thread").hidden && !document.hidden) post("/read", { conversation });
    }
  }

  async function poll() {
    try {
      const answer = await fetch(`${base}/poll?since=${encodeURIComponent(state.version)}`);
      const next = await answer.json();
      if (next.threads) apply(next);
    } catch (error) {
      console.warn("simulator not reachable", error);
    }
  }

  function takeInHand() {
    if (!document.hidden) post("/focus");
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open]");
    if (link) {
      event.preventDefault();
      if (link.dataset.agent) post("/enter", { conversation: `app-${link.dataset.agent}` });
      openWeb(link.dataset.open, link.dataset.title || link.getAttribute("aria-label") || link.textContent);
      return;
    }
    const row = event.target.closest("[data-conversation]");
    if (row) openConversation(row.dataset.conversation);
    const tab = event.target.closest("[data-tab]");
    if (tab) showTab(tab.dataset.tab);
    const button = event.target.closest("button[data-key]");
    if (button) {
      const form = button.closest("article").querySelector("form");
      post("/act", { number: Number(button.dataset.number), key: button.dataset.key, selected: form ? chosen(form) : {} }).then(poll);
    }
  });

  function chosen(form) {
    const selected = {};
    for (const [name, value] of new FormData(form)) (selected[name] ||= []).push(value);
    return selected;
  }

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    if (form.id === "say") {
      const text = form.elements.text.value.trim();
      if (text) post("/say", { conversation, text }).then(poll);
      form.reset();
    } else if (form.dataset.number) {
      post("/act", { number: Number(form.dataset.number), key: form.dataset.key, selected: chosen(form) }).then(poll);
    }
  });

  byId("thread-back").addEventListener("click", () => { conversation = null; show("home"); });
  byId("web-close").addEventListener("click", closeWeb);
  byId("web-back").addEventListener("click", () => {
    if (depth <= 1) return closeWeb();
    isGoingBack = true;
    history.back();
  });
  window.addEventListener("focus", takeInHand);
  document.addEventListener("visibilitychange", () => { takeInHand(); if (!document.hidden) poll(); });
  setInterval(() => { if (!document.hidden) poll(); }, POLL_MS);

  const start = decodeURIComponent(location.hash.slice(1));
  if (start === "workbench") showTab("workbench");
  else if (state.threads[start] !== undefined) openConversation(start);
})();
