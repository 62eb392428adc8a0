// On every page: styles, htmx with server-sent events, and the small behaviours of our own forms.
import "./portal.css";
import "htmx.org";
import "htmx.org/dist/ext/hx-sse.js";
import { watchSequences } from "./sequence.js";
import { watchSubmits } from "./submit.js";

watchSequences(document);
watchSubmits(document);
