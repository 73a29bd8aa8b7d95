# calls.pl URL ROUNDS: makes every kind of call so often, thrice; after each time it waits for a line.
use v5.20;
use warnings FATAL => 'all';
use Barker;

sub fails {
    my ($status, $call) = @_;
    die "not $status" if eval { $call->(); 1 } || !ref $@ || $@->{status} != $status || "$@" eq "\n";
}

$| = 1;
my ($url, $rounds) = @ARGV;
my $body = "\0\xff" x 200;
for (1 .. 3) {
    my $sender = Barker::Webhook->new(BARKER => 'secret');
    for (1 .. $rounds) {
        my $hook = Barker::Webhook->new(STANDARD => 'whsec_' . 'eHh4' x 8);
        my @headers;
        @headers = $hook->sign($body) for 1 .. 10;
        $hook->verify(\@headers, $body);
        fails(303, sub { $hook->verify(\@headers, '') });
        fails(300, sub { $hook->verify([], $body) });
        fails(102, sub { $hook->send('http://', $body) });
        fails(105, sub { Barker::Webhook->new(STANDARD => '?') });
        my ($status, $answer) = $sender->send($url, $body);
        die "$status $answer" if $status != 204 || $answer ne '';
    }
    say 'done';
    <STDIN>;
}
