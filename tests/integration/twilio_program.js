// A program for Twilio, as npm's `twilio` is used: what it saw, as JSON. Arguments: base, account sid, token, signed callback.
const twilio = require("twilio");
const [base, sid, token, signed] = process.argv.slice(2);

class ElsewhereClient extends twilio.RequestClient {
  request(options) {
    const there = new URL(options.uri);
    return super.request({ ...options, uri: base + there.pathname + there.search });
  }
}

async function program(client) {
  const usual = { to: "+966500000078", from: "INTERKEY", body: "Hello" };
  const sent = [];
  for (let at = 0; at < 5; at++) sent.unshift((await client.messages.create(usual)).sid);
  const listed = (await client.messages.list({ pageSize: 2 })).map((each) => each.sid);
  const first = client.messages(sent[0]);
  const shown = await first.fetch();
  const cancelled = (await first.update({ status: "canceled" })).status;
  const body = (await first.update({ body: "" })).body;
  const removed = await first.remove();
  let gone = null;
  try {
    await first.fetch();
  } catch (error) {
    gone = [error.status, error.code];
  }
  let refused = null;
  try {
    await client.messages.create({ ...usual, to: "nobody" });
  } catch (error) {
    refused = [error.status, error.code, error.constructor.name];
  }
  return { listed: JSON.stringify(listed) === JSON.stringify(sent), status: shown.status, cancelled, body, removed, gone, refused };
}

(async () => {
  const byBase = twilio(sid, token);
  byBase.api.baseUrl = base;
  const seen = [await program(twilio(sid, token, { httpClient: new ElsewhereClient() })), await program(byBase)];
  const call = JSON.parse(signed);
  const valid = twilio.validateRequest(token, call.signature, call.url, call.form);
  const changed = twilio.validateRequest(token, call.signature, call.url, { ...call.form, To: "x" });
  console.log(JSON.stringify({ seen, valid, changed }));
})();
