// On every page: styles, htmx with server-sent events, and the small behaviours of our own forms.
import "./portal.css";
import "htmx.org";
import "htmx.org/dist/ext/hx-sse.js";
import { watchFields } from "./counter.js";
import { watchSequences } from "./sequence.js";
import { watchSubmits } from "./submit.js";

watchFields(document);
watchSequences(document);
watchSubmits(document);
