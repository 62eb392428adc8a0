// Author pages only: turns <textarea data-richtext> into a Quill editor. The server sanitises what arrives.
import "./editor.css";
import Quill from "quill";

const tools = [
  [{ header: [2, 3, false] }],
  ["bold", "underline"],
  [{ list: "ordered" }, { list: "bullet" }],
  ["link", "image", "clean"],
];

async function upload(file, address, token) {
  const body = new FormData();
  body.append("file", file);
  const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRF-Token": token } });
  if (!answer.ok) throw new Error(`upload: ${answer.status}`);
  return (await answer.json()).url;
}

function pickImage(quill, textarea) {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "image/*";
  input.addEventListener("change", async () => {
    const { uploadUrl, csrfToken, uploadError } = textarea.dataset;
    try {
      const url = await upload(input.files[0], uploadUrl, csrfToken);
      quill.insertEmbed(quill.getSelection(true).index, "image", url, "user");
    } catch {
      window.alert(uploadError);
    }
  });
  input.click();
}

function enhance(textarea) {
  const box = document.createElement("div");
  const canUpload = Boolean(textarea.dataset.uploadUrl);
  const toolbar = canUpload ? tools : tools.map((row) => row.filter((tool) => tool !== "image"));
  textarea.after(box);
  const quill = new Quill(box, {
    theme: "snow",
    placeholder: textarea.placeholder,
    modules: {
      toolbar: { container: toolbar, handlers: { image: () => pickImage(quill, textarea) } },
      uploader: { mimetypes: [] }, // pasted files would become data: URLs inside the text
    },
  });
  quill.clipboard.dangerouslyPasteHTML(textarea.value); // Quill keeps only the formats it knows
  quill.root.setAttribute("aria-labelledby", `label-${textarea.id}`);
  quill.on("text-change", () => {
    textarea.value = quill.getLength() > 1 ? quill.getSemanticHTML() : "";
  });
  textarea.hidden = true;
}

document.querySelectorAll("textarea[data-richtext]").forEach(enhance);
