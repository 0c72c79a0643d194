"use strict";
/* The theme chosen on the product's pages (cookie "theme") holds in the admin too. Runs before the first paint. */
(() => {
  const chosen = document.cookie.split("; ").find((part) => part.startsWith("theme="));
  const theme = chosen ? chosen.slice(6) : "";
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
