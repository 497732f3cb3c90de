// Shows the notifications of an open page, which on phones only a service worker may. It keeps nothing and hears nothing
// from elsewhere: once the page is closed it is silent.

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then((pages) => (pages.length ? pages[0].focus() : undefined)),
  );
});
