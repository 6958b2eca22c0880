// An SMSC over the npm package `smpp`. Arguments: where the package is, and options as JSON ({port, key, cert}).
// What happens goes to standard output, one JSON object a line; commands come the same way on standard input.
'use strict';
const smpp = require(process.argv[2]);
const fs = require('fs');
const readline = require('readline');

const options = JSON.parse(process.argv[3]);
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
const sessions = [];
let taken = 0;

const tls = options.key ? { key: fs.readFileSync(options.key), cert: fs.readFileSync(options.cert) } : {};
const server = smpp.createServer(tls, (session) => {
  session.on('error', () => {});
  session.on('close', () => {
    const at = sessions.indexOf(session);
    if (at >= 0) sessions.splice(at, 1);
  });
  for (const kind of ['transceiver', 'transmitter', 'receiver']) {
    session.on('bind_' + kind, (pdu) => {
      const known = pdu.password === 'secret';
      session.send(pdu.response({ system_id: 'node', command_status: known ? 0 : smpp.ESME_RINVPASWD }));
      if (!known) return session.close();
      session.receives = kind !== 'transmitter';
      sessions.push(session);
      say({ event: 'bind', kind, system_id: pdu.system_id });
    });
  }
  session.on('submit_sm', (pdu) => {
    const id = (0xa0000000 + ++taken).toString(16);
    const message = pdu.short_message.message;
    say({
      event: 'submit', id, source: pdu.source_addr, destination: pdu.destination_addr,
      data_coding: pdu.data_coding, esm_class: pdu.esm_class, registered_delivery: pdu.registered_delivery,
      text: Buffer.isBuffer(message) ? message.toString('latin1') : message,
      header: (pdu.short_message.udh || []).map((each) => each.toString('hex')),
    });
    session.send(pdu.response({ message_id: id }));
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    say({ event: 'unbind' });
    session.send(pdu.response());
    session.close();
  });
});
server.on('error', () => {});

const commands = {
  deliver(asked) {
    const session = sessions.find((each) => each.receives);
    session.deliver_sm({
      source_addr_ton: 1, source_addr_npi: 1, source_addr: asked.source, destination_addr: asked.destination,
      esm_class: asked.esm_class, data_coding: asked.data_coding, short_message: Buffer.from(asked.octets, 'hex'),
    }, (answer) => say({ event: 'delivered', number: asked.number, status: answer.command_status }));
  },
  unbind() {
    for (const session of [...sessions]) session.unbind(() => session.close());
  },
  drop() {
    for (const session of [...sessions]) session.destroy();
  },
};
readline.createInterface({ input: process.stdin })
  .on('line', (line) => { const asked = JSON.parse(line); commands[asked.command](asked); })
  .on('close', () => process.exit(0));
server.listen(options.port || 0, '127.0.0.1', () => say({ event: 'listening', port: server.address().port }));
