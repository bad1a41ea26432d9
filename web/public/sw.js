// Keeps the page's own files, so that the window opens at once and says it is offline when the server is not running.
// Photos and answers are never kept here: they are on this machine already.
const SHELL = "shell-1";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(["/", "/theme.js"])));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(
          names.filter((name) => name.startsWith("shell-") && name !== SHELL).map((name) => caches.delete(name)),
        ),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || url.pathname.startsWith("/api/")) return;
  if (request.mode === "navigate") event.respondWith(freshOrKept(request, "/"));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(keptOrFresh(request));
});

/** The page itself: the server's when it answers, so that an update is seen at once. */
async function freshOrKept(request, name) {
  const cache = await caches.open(SHELL);
  try {
    const answer = await fetch(request);
    if (answer.ok) await forgetOldAssets(cache, name, answer.clone());
    return answer;
  } catch {
    return (await cache.match(name)) ?? Response.error();
  }
}

/** A new build has other asset names: what was kept of the old one goes. */
async function forgetOldAssets(cache, name, answer) {
  const before = await cache.match(name);
  const [old, now] = [before ? await before.text() : "", await answer.clone().text()];
  if (old === now) return;
  const kept = await cache.keys();
  const assets = kept.filter((request) => new URL(request.url).pathname.startsWith("/assets/"));
  await Promise.all(assets.map((request) => cache.delete(request)));
  await cache.put(name, answer);
}

/** Names of assets carry a hash of their content: what is kept cannot be stale. */
async function keptOrFresh(request) {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}
