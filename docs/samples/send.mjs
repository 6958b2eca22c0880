// Send a message and print its id. CGW_URL: the gateway's address. CGW_KEY: an API key.
const answer = await fetch(`${process.env.CGW_URL}/v1/messages`, {
  method: "POST",
  headers: {
    Authorization: `Bearer ${process.env.CGW_KEY}`,
    "Content-Type": "application/json",
    "Idempotency-Key": process.argv[2],
  },
  body: JSON.stringify({ to: "+966500000078", from: "INTERKEY", text: "Your order is on its way" }),
});
const said = await answer.json();
if (!answer.ok) {
  console.error(`${said.code}: ${said.title}`);
  process.exit(1);
}
console.log(said.id);
