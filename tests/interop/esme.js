// An ESME over the npm package `smpp`. Arguments: where the package is, and options as JSON; see esmes.py.
'use strict';
const smpp = require(process.argv[2]);
const options = JSON.parse(process.argv[3]);
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');

const session = smpp.connect({
  url: (options.tls ? 'ssmpp' : 'smpp') + '://127.0.0.1:' + options.port, rejectUnauthorized: false,
}, bind);
let answers = 0;
let delivered = 0;
session.on('error', () => process.exit(1));

function done() {
  if (answers < options.texts.length || delivered < options.expect) return;
  session.unbind(() => { say({ event: 'unbound' }); session.close(() => process.exit(0)); });
}

function bind() {
  session['bind_' + options.mode]({ system_id: options.system_id, password: options.password }, (answer) => {
    if (answer.command_status !== 0) {
      say({ event: 'refused', status: answer.command_status });
      return session.close(() => process.exit(0));
    }
    say({ event: 'bound' });
    for (const text of options.texts) {
      const body = text.length > 60 ? { message_payload: text } : { short_message: text };
      session.submit_sm({
        source_addr_ton: 5, source_addr: 'INTERKEY', dest_addr_ton: 1, dest_addr_npi: 1,
        destination_addr: '966512345678', registered_delivery: 1, data_coding: /^[\x00-\x7f]*$/.test(text) ? 1 : 8, ...body,
      }, (answer) => {
        answers += 1;
        say({ event: 'answer', status: answer.command_status, id: answer.message_id });
        done();
      });
    }
    done();
  });
}

session.on('deliver_sm', (pdu) => {
  delivered += 1;
  const body = pdu.message_payload || pdu.short_message;
  say({
    event: 'deliver', source: pdu.source_addr, destination: pdu.destination_addr, esm_class: pdu.esm_class,
    data_coding: pdu.data_coding, text: body.message, id: pdu.receipted_message_id || '',
  });
  session.send(pdu.response());
  done();
});
