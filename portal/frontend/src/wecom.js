// Pages that call WeCom: <meta name="wecom" content="wx-corp-id" data-agent-id="1000002" data-signature-url="/…"
// data-agent-signature-url="/…">. The signature URLs answer {"timestamp": …, "nonceStr": …, "signature": …} for ?url=.
import * as ww from "@wecom/jssdk";

const facts = document.querySelector('meta[name="wecom"]');

async function sign(address) {
  const page = window.location.href.split("#")[0];
  const answer = await fetch(`${address}?url=${encodeURIComponent(page)}`);
  if (!answer.ok) throw new Error(`wecom signature: ${answer.status}`);
  return answer.json();
}

if (facts) {
  const { agentId, signatureUrl, agentSignatureUrl } = facts.dataset;
  ww.register({
    corpId: facts.content,
    agentId,
    jsApiList: ["hideOptionMenu", "closeWindow", "openUserProfile", "previewFile", "scanQRCode"],
    getConfigSignature: () => sign(signatureUrl),
    getAgentConfigSignature: agentSignatureUrl ? () => sign(agentSignatureUrl) : undefined,
  });
}

window.xinglinWecom = ww;
