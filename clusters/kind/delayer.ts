/**
 * Defines `now`, which returns the seconds of a monotonic clock, because the minimal Perl of a node lacks Time::HiRes. The numbers are the
 * system call numbers of clock_gettime on x86_64 and on arm64, which shares them with all newer architectures.
 */
export const CLOCK = String.raw`
use POSIX ();
my $clock = (POSIX::uname())[4] eq "x86_64" ? 228 : 113;
sub now {
  my $read = pack("q2", 0, 0);
  syscall($clock, 1, $read) == 0 or die "clock: $!\n";
  my ($s, $ns) = unpack("q2", $read);
  return $s + $ns / 1e9;
}
`.trim();

/**
 * Takes packets from a kernel queue and releases each after a delay: `perl -e DELAYER <queue> <ms> <jitter>`. Prints `ready` once it has
 * bound the queue, and exits when its input ends, which also happens when the process that started it is killed. After it exits, packets
 * pass without delay, because the rule that fills the queue says so (`--queue-bypass`). It reads the packets' IDs only, never their
 * payload. Message formats are those of linux/netfilter/nfnetlink_queue.h. The program contains no single quote, so that it can be quoted
 * with them.
 */
export const DELAYER = String.raw`
use strict; use Socket;
${CLOCK}
my ($queue, $ms, $jitter) = @ARGV;
socket(my $s, 16, SOCK_RAW, 12) or die "netlink socket: $!\n";
bind($s, pack("SSLL", 16, 0, 0, 0)) or die "netlink: $!\n";
setsockopt($s, SOL_SOCKET, 33, pack("i", 1 << 22));
my $number = 0;
sub say_kernel {
  my ($type, $flags, $attribute, $value) = @_;
  my $length = 4 + length $value;
  my $body = pack("CCn", 0, 0, $queue) . pack("SS", $length, $attribute) . $value . "\0" x (-$length % 4);
  send($s, pack("LSSLL", 16 + length $body, 3 << 8 | $type, $flags, ++$number, 0) . $body, 0, pack("SSLL", 16, 0, 0, 0)) // die "netlink: $!\n";
}
sub order {
  say_kernel(2, 5, @_);
  recv($s, my $answer, 65536, 0) // die "netlink: $!\n";
  my ($type, $error) = unpack("x4 S x10 l", $answer);
  if ($type == 2 && $error) { $! = -$error; die "queue $queue: $!\n" }
}
order(1, pack("CCn", 1, 0, 0));  # bind
order(2, pack("NC", 0, 1));      # copy no payload
order(3, pack("N", 65536));      # so many may wait
$| = 1; print "ready\n";
my (@late, $at);
for (;;) {
  my $left = @late ? $late[0][0] - now() : 3600;
  my $in = "";
  vec($in, $_, 1) = 1 for 0, fileno($s);
  my $found = select($in, undef, undef, $left > 0 ? $left : 0);
  last if $found > 0 && vec($in, 0, 1);
  if ($found > 0) {
    recv($s, my $all, 1 << 20, 0) // next;
    while (length $all >= 16) {
      my ($length, $type) = unpack("LS", $all);
      my $attributes = substr($all, 20, $length - 20);
      $all = substr($all, ($length + 3) & ~3);
      next if $type != 3 << 8;
      while (length $attributes >= 4) {
        my ($size, $attribute) = unpack("SS", $attributes);
        last if $size < 4;
        if (($attribute & 0x7fff) == 1) {
          # Packets keep their order, as on a line.
          my $due = now() + ($ms + $jitter * (2 * rand() - 1)) / 1000;
          $at = $due if !defined $at || $due > $at;
          push @late, [$at, substr($attributes, 4, 4)];
        }
        $attributes = substr($attributes, ($size + 3) & ~3);
      }
    }
  }
  say_kernel(1, 1, 2, pack("N", 1) . (shift @late)->[1]) while @late && $late[0][0] <= now();
}
`;
