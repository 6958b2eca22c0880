import ipaddress
import socket
import ssl
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.webhooks.targets import TargetRefused, checked_addresses, is_public, parse_target

PRIVATE = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.127.255.254", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.8",
    "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::8.8.8.8", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "2001::1", "2001:db8::1",
    "2002:a00:1::", "2002:7f00:1::", "3fff::1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "fc00::1",
    "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "5f00::1", "100::1", "4000::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::", "64:ff9b::8.8.8.8"]


def test_plain_http_goes_to_named_hosts_alone_and_to_public_addresses() -> None:
    named = ("reports.example.com",)
    for port, written in ((80, ""), (80, ":80"), (8080, ":8080")):
        target = parse_target(f"http://Reports.example.com{written}/dlr?x=1", plain_hosts=named)
        assert (target.tls, target.is_plain, target.port) == (False, True, port)
        assert checked_addresses(["8.8.8.8"], target) == ("8.8.8.8",)
        for address in ("10.0.0.1", "127.0.0.1", "169.254.169.254", "::1"):
            with pytest.raises(TargetRefused, match="address"):
                checked_addresses([address], target)
    for url, code in (
        ("http://example.com/", "scheme"),
        ("http://x.reports.example.com/", "scheme"),
        ("http://reports.example.com.evil.example/", "scheme"),
        ("http://reports.example.com./", "scheme"),
        ("http://reports.example.com:22/", "port"),
        ("http://user@reports.example.com/", "credentials"),
        ("http://reports.example.com@evil.example/", "scheme"),
        ("https://reports.example.com:80/", "port"),
    ):
        with pytest.raises(TargetRefused, match=code):
            parse_target(url, plain_hosts=named)
    secure = parse_target("https://reports.example.com/", plain_hosts=named)
    assert (secure.tls, secure.is_plain) == (True, False)


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_inside_is_never_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4, network="10.0.0.0/8"))
def test_a_wrapped_private_address_is_as_private_as_the_bare_one(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    for wrapped in (0xFFFF << 32 | number, 0x2002 << 112 | number << 80, 0x64_FF9B << 96 | number):
        assert not is_public(ipaddress.IPv6Address(wrapped))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("example.com/hook", "scheme"),
        ("https://user@example.com/", "credentials"),
        ("https://user:word@example.com/", "credentials"),
        ("https://@example.com/", "credentials"),
        ("https://example.com/#part", "fragment"),
        ("https://example.com/#", "fragment"),
        ("https:///path", "host"),
        ("https://exa_mple.com/", "host"),
        ("https://example.com./", "host"),
        ("https://-example.com/", "host"),
        ("https://[fe80::zz]/", "form"),
        ("https://a..b/", "host"),
        ("https://.example.com/", "host"),
        (f"https://{'a' * 64}.example/", "host"),
        (f"https://{'a.' * 127}example/", "host"),
        ("https://2606:4700::1111/", "form"),
        ("https://example.com:22/", "port"),
        ("https://example.com:80/", "port"),
        ("https://example.com:0/", "port"),
        ("https://example.com:99999/", "form"),
        ("https://example.com:port/", "form"),
        ("https://example.com\\@127.0.0.1/", "form"),
        ("https://example.com/a b", "form"),
        ("https://example.com/\r\nX: y", "form"),
        ("https://مثال.example/", "form"),
        ("", "form"),
        ("https://example.com/" + "a" * 2048, "form"),
    ],
)
def test_a_url_that_may_not_be_called_is_refused_without_being_shown(url: str, code: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        parse_target(url)
    assert refused.value.code == code
    assert str(refused.value) == code


@pytest.mark.case("security-2")
@pytest.mark.parametrize(
    "host",
    [
        "[::ffff:8.8.8.8%a..b]",
        "[::ffff:8.8.8.8%25a]",
        "[2606:4700::1111%1]",
        "[2606:4700::1111%]",
        "[fe80::1%25eth0]",
        "[v1.fe80::a]",
        "[v1.a..b]",
        "[8.8.8.8]",
        "[example.com]",
        "[]",
        "[::1",
        "::1]",
        "a[::1]",
        "[::1]a",
    ],
)
def test_brackets_hold_an_ipv6_address_without_a_zone_and_nothing_else(host: str) -> None:
    for port in ("", ":8443"):
        with pytest.raises(TargetRefused, match=r"host|form"):
            parse_target(f"https://{host}{port}/", allow_loopback=True)


_LABEL = st.text("aZ0-_%.:[]@", max_size=4) | st.sampled_from(["xn--", "a" * 63, "a" * 64, "1", "::ffff:8.8.8.8"])


@pytest.mark.case("security-2")
@given(st.lists(_LABEL, min_size=1, max_size=6), st.booleans())
def test_a_host_that_is_taken_is_one_that_resolvers_and_tls_take(labels: list[str], bracketed: bool) -> None:
    host = ".".join(labels)
    with suppress(TargetRefused):
        target = parse_target(f"https://[{host}]/" if bracketed else f"https://{host}/")
        with suppress(socket.gaierror):  # it is no address; no name server is asked
            socket.getaddrinfo(target.host, target.port, flags=socket.AI_NUMERICHOST)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=target.host)


@pytest.mark.parametrize(
    ("url", "origin", "head"),
    [
        ("https://Example.com", (True, "example.com", 443), b"POST / HTTP/1.1\r\nHost: example.com\r\n"),
        (
            "https://a.example:8443/h?t=1",
            (True, "a.example", 8443),
            b"POST /h?t=1 HTTP/1.1\r\nHost: a.example:8443\r\n",
        ),
        ("https://[2606:4700::1]/x", (True, "2606:4700::1", 443), b"POST /x HTTP/1.1\r\nHost: [2606:4700::1]\r\n"),
        ("https://8.8.8.8/", (True, "8.8.8.8", 443), b"POST / HTTP/1.1\r\nHost: 8.8.8.8\r\n"),
    ],
)
def test_a_callable_url_gives_origin_and_request_head(url: str, origin: tuple[bool, str, int], head: bytes) -> None:
    target = parse_target(url)
    assert (target.origin, target.head) == (origin, head)


def test_plain_http_is_for_loopback_in_development_only() -> None:
    target = parse_target("http://localhost:8080/", allow_loopback=True)
    assert checked_addresses(["127.0.0.1", "::1"], target, allow_loopback=True) == ("127.0.0.1", "::1")
    with pytest.raises(TargetRefused, match="address"):
        checked_addresses(["8.8.8.8"], target, allow_loopback=True)


@pytest.mark.parametrize("address", [each for each in PRIVATE if each not in ("127.0.0.1", "::1")])
def test_allowing_loopback_allows_no_other_inside_address(address: str) -> None:
    target = parse_target("https://example.com/", allow_loopback=True)
    with pytest.raises(TargetRefused, match="address"):
        checked_addresses([address], target, allow_loopback=True)


@pytest.mark.parametrize("private", PRIVATE)
def test_one_inside_address_among_public_ones_refuses_the_name(private: str) -> None:
    with pytest.raises(TargetRefused, match="address"):
        checked_addresses(["8.8.8.8", "1.1.1.1", private], parse_target("https://example.com/"))


def test_a_name_without_addresses_is_unresolved() -> None:
    with pytest.raises(TargetRefused, match="unresolved"):
        checked_addresses([], parse_target("https://example.com/"))


def test_a_target_prints_without_its_path() -> None:
    assert "token" not in repr(parse_target("https://example.com/token"))


@given(st.text())
def test_any_text_is_either_a_target_or_refused(text: str) -> None:
    with suppress(TargetRefused):
        assert parse_target("https://" + text).tls


@pytest.mark.case("security-15")
@pytest.mark.parametrize(
    "address",
    [
        "168.63.129.16",
        "::ffff:168.63.129.16",
        "64:ff9b::a83f:8110",
        "2002:a83f:8110::1",
        "2606:4700::5efe:a83f:8110",
        "2606:4700::5efe:10.0.0.1",
        "2606:4700::200:5efe:127.0.0.1",
        "2606:4700::200:5efe:169.254.169.254",
        "fe80::5efe:8.8.8.8",
    ],
)
def test_a_cloud_s_own_address_and_what_a_tunnel_s_form_wraps_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.case("security-15")
@pytest.mark.parametrize("address", ["168.63.129.17", "2606:4700::5efe:8.8.8.8", "2606:4700::5eff:10.0.0.1"])
def test_what_only_looks_like_it_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
