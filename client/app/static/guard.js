// Helps where boot.js never runs: a part of the page did not come, or the browser does not understand it. Old
// browsers have to understand this file as well, so it is written the way they read.
(function () {
  var root = document.documentElement;

  function show() {
    if (root.hasAttribute("data-booted")) return;
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", show);
      return;
    }
    var notice = document.getElementById("cannot-start");
    if (!notice || !notice.hasAttribute("hidden")) return;
    notice.removeAttribute("hidden");
    notice.querySelector("h1").focus();
  }

  // The same address once more, in the same place of the history: a sign-in that came back is still in it.
  document.addEventListener("click", function (event) {
    if (!event.target.hasAttribute("data-reload")) return;
    event.preventDefault();
    location.reload();
  });

  // On the way down: a script that does not come is an error of its element, and does not come up to here.
  window.addEventListener("error", function (event) {
    var target = event.target;
    if (target === window || (target && target.tagName === "SCRIPT")) show();
  }, true);

  // Who knows no modules passes boot.js over, without an error.
  if (!("noModule" in document.createElement("script"))) show();
})();
