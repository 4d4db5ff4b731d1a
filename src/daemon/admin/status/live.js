// Brings the overview up to date every five seconds while it is looked at. Without it the page shows the moment at which it was loaded.
setInterval(async () => {
  const main = document.querySelector("main[data-live]");
  if (!main || document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (answer.ok && fresh) main.replaceChildren(...fresh.childNodes);
  } catch {
    main.setAttribute("aria-busy", "true");
  }
}, 5000);
