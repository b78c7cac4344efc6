// The report is in a sandbox; it sends its height, and nothing else is taken from it.
window.addEventListener("message", (event) => {
  const height = event.data && event.data.fakelocHeight;
  if (!Number.isFinite(height)) return;
  for (const frame of document.querySelectorAll("iframe.report")) {
    if (frame.contentWindow === event.source) {
      frame.style.height = `${Math.min(Math.max(Math.ceil(height), 200), 50000)}px`;
    }
  }
});
// The download is made from what is shown: the server has deleted its copy.
document.addEventListener("click", (event) => {
  if (!event.target.closest || !event.target.closest(".download-report")) return;
  const frame = document.querySelector("iframe.report");
  if (!frame) return;
  const page = frame.srcdoc.replace(/<head><script>.*?<\/script>/s, "<head>");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([page], { type: "text/html" }));
  link.download = "fakeloc-report.html";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
