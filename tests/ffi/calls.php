<?php // calls.php URL ROUNDS: makes every kind of call so often, thrice; after each time it waits for a line.
declare(strict_types=1);

require 'barker.php';

function fails(int $status, callable $call): void
{
    try {
        $call();
    } catch (Barker\Failure $failure) {
        if ($failure->getCode() === $status && $failure->getMessage() !== '') {
            return;
        }
    }
    throw new Exception("not $status");
}

[, $url, $rounds] = $argv;
$body = str_repeat("\0\xff", 200);
for ($time = 0; $time < 3; $time++) {
    $sender = new Barker\Webhook('BARKER', 'secret');
    for ($round = 0; $round < $rounds; $round++) {
        $hook = new Barker\Webhook('STANDARD', 'whsec_' . base64_encode(str_repeat('x', 24)));
        $headers = [];
        for ($i = 0; $i < 10; $i++) {
            foreach ($hook->sign($body) as $line) {
                [$name, $value] = explode(': ', $line);
                $headers[$name] = $value;
            }
        }
        $hook->verify($headers, $body);
        fails(303, fn () => $hook->verify($headers, ''));
        fails(300, fn () => $hook->verify([], $body));
        fails(102, fn () => $hook->send('http://', $body));
        fails(105, fn () => new Barker\Webhook('STANDARD', '?'));
        if ($sender->send($url, $body) !== [204, '']) {
            throw new Exception('not 204');
        }
    }
    echo "done\n";
    fgets(STDIN);
}
