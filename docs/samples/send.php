<?php
// Send a message and print its id. CGW_URL: the gateway's address. CGW_KEY: an API key.
$answer = file_get_contents(getenv('CGW_URL') . '/v1/messages', false, stream_context_create(['http' => [
    'method' => 'POST',
    'header' => [
        'Authorization: Bearer ' . getenv('CGW_KEY'),
        'Content-Type: application/json',
        'Idempotency-Key: ' . $argv[1],
    ],
    'content' => json_encode(['to' => '+966500000078', 'from' => 'INTERKEY', 'text' => 'Your order is on its way']),
    'ignore_errors' => true,
]]));
$said = json_decode($answer, true);
if (!isset($said['id'])) {
    fwrite(STDERR, "{$said['code']}: {$said['title']}\n");
    exit(1);
}
echo $said['id'], "\n";
