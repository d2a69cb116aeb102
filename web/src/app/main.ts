// Entry: lets the browser paint what index.html holds before the program runs, which takes longer than to fetch it.
import "~/styles/boot.css";

requestAnimationFrame(() => setTimeout(() => import("./start")));
