"""Prints addresses, each with whether Python's ipaddress holds it for global, to compare with
(tests/policy.rs): the ends of every range that has a meaning of its own and their neighbours, and
random ones.

    addresses.py SEED
"""
import ipaddress
import random
import sys

RANGES = """
0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16
169.254.169.254/32 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32
192.0.0.170/31 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.88.99.2/32
192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4
224.0.0.0/24 233.252.0.0/24 239.0.0.0/8 240.0.0.0/4 255.255.255.255/32 1.1.1.0/24 8.8.8.0/24
::/128 ::1/128 ::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 200::/7
2000::/3 2001::/16 2001::/23 2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:2::/48
2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 2001:200::/23 2001:db8::/32
2002::/16 2400::/12 2606:4700::/32 2620:4f:8000::/48 3ffe::/16 3fff::/20 4000::/3 5f00::/16 8000::/1
fc00::/7 fd00:ec2::254/128 fe80::/10 fec0::/10 ff00::/8 ff0e::/16
"""
RANDOM = 200_000


def interesting(network):
    address = type(network.network_address)
    first, last = int(network[0]), int(network[-1])
    for number in {first - 1, first, first + 1, (first + last) // 2, last - 1, last, last + 1}:
        if 0 <= number < 1 << network.max_prefixlen:
            yield address(number)


def arbitrary(source, networks):
    for _ in range(RANDOM // 4):
        network = source.choice(networks)
        yield network[source.randrange(network.num_addresses)]
        four = source.getrandbits(32)
        yield ipaddress.IPv4Address(four)
        yield ipaddress.IPv6Address(0xffff << 32 | four)
        yield ipaddress.IPv6Address(1 << 125 | source.getrandbits(125))


def main(seed):
    networks = [ipaddress.ip_network(text) for text in RANGES.split()]
    addresses = [address for network in networks for address in interesting(network)]
    addresses += [ipaddress.IPv6Address(0xffff << 32 | int(address))
                  for address in addresses if address.version == 4]
    addresses += arbitrary(random.Random(seed), networks)
    for address in addresses:
        # What is mapped into IPv6 counts for itself, which not every version of Python knows.
        judged = getattr(address, "ipv4_mapped", None) or address
        print(address, judged.is_global)


main(sys.argv[1])
