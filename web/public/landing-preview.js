// Shows the HTML that the dashboard sends, in a frame that may do nothing: no script, no forms, no cookies, no navigation of the page.
const frame = document.createElement("iframe");
frame.setAttribute("sandbox", "");
frame.title = "Preview";
document.body.append(frame);
addEventListener("message", (event) => {
  if (event.source === parent && typeof event.data === "string") frame.srcdoc = event.data;
});
