// On every page: styles, htmx with server-sent events, and the small behaviours of our own forms.
import "./portal.css";
import "htmx.org";
import "htmx.org/dist/ext/hx-sse.js";
import { watchFields } from "./counter.js";
import { watchDrafts } from "./draft.js";
import { watchInbox } from "./inbox.js";
import { watchPeople } from "./people.js";
import { watchPhrases } from "./phrases.js";
import { watchSequences } from "./sequence.js";
import { watchSignatures } from "./signature.js";
import { watchSubmits } from "./submit.js";
import { watchTotals } from "./totals.js";

watchFields(document);
watchSequences(document);
watchSubmits(document);
watchPeople(document);
watchTotals(document);
watchPhrases(document);
watchSignatures(document);
watchDrafts(document);
watchInbox(document);
