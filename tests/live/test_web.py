"""`pagetide serve --web-config`: passwords and TLS, what is refused, and that a reload changes them."""

import os
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
from children import ROOT  # noqa: E402
from commands import end_is, one_line, pagetide, processor_seconds, wait_until  # noqa: E402
from containers import tool  # noqa: E402
from harness import main  # noqa: E402
from serving import Serve, promtool, send_each  # noqa: E402
from tap import Failure, test  # noqa: E402

# of "sesame" at a cost of 4, of "other" at 5, of "sesame" at 12, which takes a quarter of a second
SESAME = "$2b$04$abcdefghijklmnopqrstuuinwY/tkBVrn3xrxQI/TgnMHhkvl85RW"
OTHER = "$2y$05$abcdefghijklmnopqrstuuVQd15VhR/oN1H3pzUR5lME0fZO6.qRW"
DEAR = "$2b$12$abcdefghijklmnopqrstuuJkleeYqGi6JJcNM.d95WxQIKjR4lCny"
USERS = f"basic_auth_users:\n  alice: {SESAME}\n  bob: {OTHER}\n"
CLIENTS = "  client_ca_file: ca.pem\n  client_auth_type: {}\n"
TLS = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"


class Web(Serve):
    """A serve with a file of --web-config, asked with curl."""

    def __init__(self, t, text, *options, user="alice:sesame", scheme="http", interval=0.2):
        self.folder, self.user, self.scheme = Path(t.temp()), user, scheme
        self.file = self.folder / "web.yml"
        self.file.write_text(text)
        super().__init__(t, "--web-config", self.file, *options, interval=interval)

    def curl(self, path, *options, user=None, scheme=None):
        """(exit status of curl, status, what came)"""
        words = [tool("curl"), "-s", "-m", "30", "-w", "\n%{http_code}", "--cacert", self.folder / "cert.pem", *options]
        if user:
            words += ["-u", user]
        done = subprocess.run([*map(str, words), f"{scheme or self.scheme}://127.0.0.1:{self.port}{path}"],
                              capture_output=True, text=True)
        page, _, status = done.stdout.rpartition("\n")
        return done.returncode, int(status or 0), page

    def get(self, path, **headers):
        failed, status, page = self.curl(path, *(f"-H{key}: {value}" for key, value in headers.items()), user=self.user)
        if failed:
            raise ConnectionError(f"curl: {failed}")
        return status, None, page

    def status(self, path="/metrics", **options):
        return self.curl(path, **options)[1]

    def hangup(self, text):
        self.file.write_text(text)
        os.kill(self.process.pid, signal.SIGHUP)

    def certificate(self):
        """The certificate that it shows; nothing while it changes, which ends connections."""
        try:
            return ssl.get_server_certificate(("127.0.0.1", self.port))
        except OSError:
            return None


def certificate(t, name="cert.pem", key="key.pem"):
    folder = Path(t.temp())
    subprocess.run([tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / key, "-out", folder / name],
                   check=True, capture_output=True)


@test("only who has the password gets a page")
def passwords(t):
    web = Web(t, USERS)
    for path in ("/metrics", "/healthz", "/api/snapshot", "/nothing", "/"):
        for user in (None, "alice:", "alice:Sesame", "bob:sesame", "mallory:sesame", "mallory:other", ":", "alice:sesame "):
            t.equal(web.status(path, user=user), 401, f"status of {path} for {user}")
    for user in ("alice:sesame", "bob:other", "alice:sesame"):
        t.equal(web.status(user=user), 200, f"status for {user}")
    t.equal("pagetide_readings_total" in web.curl("/metrics", user="mallory:sesame")[2], False, "a page for a stranger")
    headers = web.curl("/metrics", "-i")[2]
    t.equal('WWW-Authenticate: Basic realm="pagetide"' in headers, True, f"what a browser asks for: {headers}")
    for what, options in {"401": (), "200": ("-u", "alice:sesame"), "405": ("-u", "alice:sesame", "-X", "PUT")}.items():
        page = web.curl("/metrics", "-i", *options)[2]
        t.equal(page.split()[1], what, "status")
        t.equal("\nAllow: GET, HEAD\n" in page, what == "405", f"what is allowed, with status {what}")
        for name in ("Content-Security-Policy: default-src 'none'; ", "X-Content-Type-Options: nosniff",
                     "Referrer-Policy: no-referrer", "Cache-Control: no-store", "Content-Type: text/plain"):
            t.equal(f"\n{name}" in page.partition("\n\n")[0], True, f"{name} with status {what}")
    done = pagetide("snapshot", "--json", "--by", "system", "--socket", web.socket)
    t.equal((done.status, done.errors), (0, ""), "the local socket needs none")


@test("a password is computed once")
def remembered(t):
    web = Web(t, f"basic_auth_users:\n  alice: {DEAR}\n", interval=3600)
    before = processor_seconds(web.process.pid)
    for _ in range(20):
        t.equal(web.status(user="alice:sesame"), 200, "status")
    spent = processor_seconds(web.process.pid) - before
    t.equal(web.status(user="alice:wrong"), 401, "status of a wrong one")
    dear = processor_seconds(web.process.pid) - before - spent
    print(f"# {spent:.2f} s of CPU for 20 scrapes, {dear:.2f} s for a wrong password")
    if dear < 0.05 or spent > 10 * dear:
        raise Failure(f"20 scrapes took {spent:.2f} s of CPU, a wrong password {dear:.2f} s")


@test("hostile passwords hurt nothing")
def hostile(t):
    web = Web(t, f"basic_auth_users:\n  alice: {DEAR}\n", user="alice:sesame")
    peers = []
    for _ in range(50):
        for value in (b"Basic", b"Basic ====", b"Basic \xff\xfe", b"Basic YWxpY2U=", b"Basic " + b"QUFB" * 3000, b"Bearer x",
                      b"Basic YWxpY2U6d3Jvbmc="):
            if len(peers) == 200:
                break
            peer = socket.create_connection(("127.0.0.1", web.port))
            peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: " + value + b"\r\n\r\n")
            peers.append(peer)
    before = web.value("pagetide_readings_total")  # its password is known: it waits for nobody
    wait_until(lambda: web.value("pagetide_readings_total") > before + 3, "readings go on")
    answers = set()
    for peer in peers:
        peer.settimeout(20)
        answers.add(peer.recv(100).split(b"\r\n")[0][9:12])
        peer.close()
    t.equal(answers <= {b"401", b"503", b"431", b"413", b"400"}, True, f"answers: {answers}")
    t.equal(b"401" in answers, True, f"some were computed: {answers}")
    for peer in range(20):  # and it ends with some of them waiting
        peer = socket.create_connection(("127.0.0.1", web.port))
        peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWxpY2U6d3Jvbmc=\r\n\r\n")
        peers.append(peer)
    os.kill(web.process.pid, signal.SIGTERM)
    end_is(t, web.process.child, 0)
    t.equal(web.process.error_text(), "", "standard error")


@test("TLS, and what is not TLS at its port")
def encrypted(t):
    certificate(t)
    web = Web(t, TLS + USERS, scheme="https")
    promtool(web.get("/metrics")[2])
    t.equal(web.status(user="alice:sesame"), 200, "status")
    t.equal(web.status(), 401, "without a password")
    t.equal(web.status(user="alice:sesame", scheme="http"), 0, "plain HTTP")
    t.equal(web.curl("/metrics", "--tls-max", "1.2", user="alice:sesame")[1], 200, "TLS 1.2")
    certificate(t, "cert.pem", "key.pem")
    t.equal(web.curl("/metrics", user="alice:sesame")[0], 60, "curl does not know another certificate")
    requests = (b"", b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01", b"\x16\x03\x01\xff\xff" + b"a" * 70000,
                b"\x00" * 1000, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03")
    idle = send_each(web.port, requests * 15)
    t.equal(web.curl("/healthz", "-k", user="alice:sesame")[1], 200, "status beside 90 bad connections")
    for peer in idle:
        peer.close()
    t.equal(web.process.error_text(), "", "standard error")


class Authority:
    """It signs certificates of clients: name.pem and name.key in the test's folder."""

    def __init__(self, t, name):
        self.folder, self.name = Path(t.temp()), name
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                     "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")

    def openssl(self, *words):
        subprocess.run([tool("openssl"), *words], cwd=self.folder, check=True, capture_output=True)

    def sign(self, name, *extensions, days=2):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (self.folder / "extensions").write_text("\n".join(extensions))
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{self.name}.pem", "-CAkey", f"{self.name}.key",
                     "-CAcreateserial", "-days", str(days), "-extfile", "extensions", "-out", f"{name}.pem")


@test("certificates of clients: the right one, another authority's, none")
def clients(t):
    certificate(t)
    authority = Authority(t, "ca")
    authority.sign("right", "extendedKeyUsage=clientAuth")
    authority.sign("server", "extendedKeyUsage=serverAuth")
    authority.sign("expired", days=-1)
    Authority(t, "other").sign("wrong", "extendedKeyUsage=clientAuth")
    every = {"right", "server", "expired", "wrong", None}
    web = Web(t, TLS, scheme="https", user=None)
    for kind, welcome in (("NoClientCert", every), ("RequestClientCert", every), ("RequireAnyClientCert", every - {None}),
                          ("VerifyClientCertIfGiven", {"right", None}), ("RequireAndVerifyClientCert", {"right"})):
        # a user's name changes with it: when that is asked for, the file has been read again
        text = TLS + (CLIENTS.format(kind) if kind != "NoClientCert" else "  client_auth_type: NoClientCert\n")
        own = ("--cert", web.folder / "right.pem", "--key", web.folder / "right.key")
        web.hangup(f"{text}basic_auth_users: {{{kind}: {SESAME}}}\n")
        wait_until(lambda own=own, kind=kind: web.curl("/metrics", *own, user=f"{kind}:sesame")[1] == 200, f"{kind} is read")
        for name in every:
            show = ("--cert", web.folder / f"{name}.pem", "--key", web.folder / f"{name}.key") if name else ()
            for version in ("1.2", "1.3"):
                failed, status, page = web.curl("/metrics", *show, "--tls-max", version, user=f"{kind}:sesame")
                t.equal((failed != 0, status) if name not in welcome else (failed, status), (True, 0) if name not in welcome
                        else (0, 200), f"{kind}: a client that shows {name} in TLS {version}")
            if name in welcome:
                t.equal(web.curl("/metrics", *show)[1], 401, f"{kind}: {name} without a password")
    names = subprocess.run([tool("openssl"), "s_client", "-connect", f"127.0.0.1:{web.port}"], input="", text=True,
                           capture_output=True).stdout
    t.equal("CN = ca" in names, True, f"whose certificates are asked for: {names}")
    t.equal(web.process.error_text(), "", "standard error")


def client_hello():
    """What a client sends first; a server has the dear part of a handshake to do for it, and the client need do nothing."""
    context, incoming, outgoing = ssl.create_default_context(), ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname="test").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Flood(threading.Thread):
    """Connections that say hello, forty at a time, as often as it goes."""

    def __init__(self, t, port):
        super().__init__(daemon=True)
        self.port, self.count, self.ends, self.hello = port, 0, False, client_hello()
        self.start()
        t.undo.append(self.close)

    def run(self):
        while not self.ends:
            peers = send_each(self.port, [self.hello] * 40)
            self.count += len(peers)
            for peer in peers:
                peer.close()

    def close(self):
        self.ends = True
        self.join(30)


@test("a flood of handshakes delays no warning and no reading")
def flooded(t):
    certificate(t)
    file = Path(t.temp(), "pagetide.prom")
    web = Web(t, TLS, "--textfile", file, scheme="https", user=None, interval=0.1)
    idle = send_each(web.port, [client_hello()[:100]] * 200)  # they never finish
    flood = Flood(t, web.port)
    wait_until(lambda: flood.count > 100, "it is flooded", 30)
    before, began, first = processor_seconds(web.process.pid), time.monotonic(), flood.count
    times, mount = set(), t.tmpfs("8M")

    def readings():
        times.update(float(line.split()[1]) for line in file.read_text().splitlines()
                     if line.startswith("pagetide_reading_timestamp_seconds "))
        return len(times) > 30

    wait_until(readings, "thirty readings", 30)
    filled = time.monotonic()
    Path(mount, "fill").write_bytes(bytes(7 << 20))
    wait_until(lambda: f"tmpfs {mount} is" in web.process.error_text(), "the warning", 30)
    late, seconds = time.monotonic() - filled, time.monotonic() - began
    ordered = sorted(times)
    between = statistics.median(later - earlier for earlier, later in zip(ordered, ordered[1:]))
    rate, spent = (flood.count - first) / seconds, (processor_seconds(web.process.pid) - before) / seconds
    print(f"# {rate:.0f} handshakes/s, {spent:.2f} of a processor; {between:.3f} s between readings that are due each 0.1 s, the "
          f"warning after {late:.3f} s")
    flood.close()
    for peer in idle:
        peer.close()
    t.equal((between < 0.2, late < 1), (True, True), f"{between:.3f} s between readings, a warning after {late:.3f} s")
    wait_until(lambda: web.status("/healthz") == 200, "it answers again")


@test("the example in fleet/")
def example(t):
    certificate(t, "pagetide.crt", "pagetide.key")
    Path(t.temp(), "cert.pem").write_text(Path(t.temp(), "pagetide.crt").read_text())
    web = Web(t, (ROOT / "fleet" / "web.yml").read_text(), scheme="https", user="prometheus:example")
    t.equal((web.status(), web.status(user=web.user)), (401, 200), "without, with the password")


@test("the least version of TLS")
def version(t):
    certificate(t)
    web = Web(t, TLS + "  min_version: TLS13\n", scheme="https", user=None)
    t.equal(web.curl("/healthz", "--tls-max", "1.2")[0], 35, "curl cannot have TLS 1.2")
    t.equal(web.status("/healthz"), 200, "TLS 1.3")


@test("a hangup brings other users and certificates; a bad file, or one that takes a protection away, changes nothing")
def reloaded(t):
    certificate(t)
    web = Web(t, USERS)
    t.equal(web.status(user="bob:other"), 200, "bob")
    web.hangup(f"basic_auth_users: {{alice: {SESAME}}}\n")
    wait_until(lambda: web.status(user="bob:other") == 401, "bob is out")
    t.equal(web.status(user="alice:sesame"), 200, "alice")
    alice = f"basic_auth_users: {{alice: {SESAME}}}\n"
    web.hangup(TLS + alice)
    wait_until(lambda: web.status(scheme="https", user="alice:sesame") == 200, "TLS")
    web.scheme = "https"
    first = wait_until(web.certificate, "its certificate")
    certificate(t)
    os.kill(web.process.pid, signal.SIGHUP)
    wait_until(lambda: web.certificate() not in (None, first), "another certificate")
    t.equal(web.status(user="alice:sesame"), 200, "status with it")
    t.equal(web.process.error_text(), "", "standard error so far")
    for count, (text, word) in enumerate((("tls_server_config: {cert_file: web.yml, key_file: key.pem}\n" + alice, "cert_file"),
                                          ("basic_auth_users: {alice: sesame}\n", "bcrypt"), ("a: [\n", "YAML"),
                                          ("", "takes away TLS"), (alice, "takes away TLS"),
                                          (TLS, "takes away every user")), 1):
        web.hangup(text)
        wait_until(lambda: len(web.process.error_text().splitlines()) == count, f"a line of {text}")
        last = web.process.error_text().splitlines()[-1]
        t.equal(word in last and "stays" in last, True, f"{word} in {last}")
        t.equal([web.status(user=user) for user in (None, "alice:sesame")], [401, 200], "as before")
    before = web.value("pagetide_readings_total")
    wait_until(lambda: web.value("pagetide_readings_total") > before, "it reads on")


@test("what cannot be is said in one line")
def refusals(t):
    file = Path(t.temp(), "web.yml")
    for text, status, words in (("tls_server_config: {cert_file: gone.pem, key_file: gone.pem}\n", 1, ("gone.pem", "No such")),
                                ("basic_auth_users: {alice: sesame}\n", 2, ("web.yml:1", "alice", "htpasswd")),
                                ("\n\nbasic_auth_user: {}\n", 2, ("web.yml:3", "basic_auth_users")),
                                (TLS + "  client_ca_file: cert.pem\n", 2, ("client_ca_file", "client_auth_type")),
                                (TLS + "  client_auth_type: RequireAndVerifyClientCert\n", 2, ("client_ca_file",)),
                                (TLS + "  client_auth_type: AnyClientCert\n", 2, ("web.yml:4", "RequireAnyClientCert")),
                                (TLS + CLIENTS.format("RequestClientCert").replace("ca.pem", "key.pem"), 2,
                                 ("client_ca_file", "cannot be used")),
                                ("{", 2, ("web.yml:2", "YAML"))):
        certificate(t)
        file.write_text(text)
        done = pagetide("serve", "--web-config", file, "--listen", "127.0.0.1:0")
        t.equal(done.status, status, f"exit status of {text!r}: {done}")
        one_line(t, done, "--web-config", *words)
        t.equal("sesame" in done.errors, False, f"the password in {done}")
    file.unlink()
    done = pagetide("serve", "--web-config", file, "--listen", "127.0.0.1:0")
    t.equal(done.status, 1, f"exit status of no file: {done}")
    one_line(t, done, "--web-config", "web.yml", "No such file")


if __name__ == "__main__":
    main()
