import NIOCore
import Names
import Testing

@testable import WAMPClient

@Suite struct ProxyHandshakeTests {
    private static func handshake(_ url: String = "http://proxy:3128", host: String = "router.example.com") throws
        -> ProxyHandshake
    {
        ProxyHandshake(proxy: try HTTPProxy(url), host: host, port: 8080, agent: "a/1")
    }

    private static func answered(_ text: String, _ url: String = "http://proxy:3128") throws -> ProxyHandshake.Action {
        var handshake = try self.handshake(url)
        var buffer = ByteBuffer(string: text)
        return handshake.received(&buffer)
    }

    @Test func request() throws {
        #expect(
            try Self.handshake().request == "CONNECT router.example.com:8080 HTTP/1.1\r\n"
                + "Host: router.example.com:8080\r\nUser-Agent: a/1\r\n\r\n")
        #expect(
            try Self.handshake("http://u:p@proxy:1", host: "::1").request == "CONNECT [::1]:8080 HTTP/1.1\r\n"
                + "Host: [::1]:8080\r\nUser-Agent: a/1\r\nProxy-Authorization: Basic dTpw\r\n\r\n")
    }

    @Test(arguments: [
        "HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200 OK\r\nProxy-agent: x\r\nA:\r\n\r\n",
        "HTTP/1.1 204\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ])
    func opened(_ answer: String) throws {
        #expect(try Self.answered(answer) == .opened)
        // In two pieces, cut at each place.
        for cut in 0..<answer.utf8.count {
            var handshake = try Self.handshake()
            var buffer = ByteBuffer(bytes: answer.utf8.prefix(cut))
            #expect(handshake.received(&buffer) == .wait, "cut at \(cut)")
            buffer.writeBytes(answer.utf8.dropFirst(cut))
            #expect(handshake.received(&buffer) == .opened, "cut at \(cut)")
        }
    }

    private static let wanting = "HTTP/1.1 407 Login\r\nProxy-Authenticate: "

    @Test(arguments: [
        ("\(wanting)Basic realm=\"x\"\r\n\r\n", ConnectionFault.Code.credentials, "wants a user name and a password"),
        ("HTTP/1.1 407 Login\r\n\r\n", .credentials, "wants a user name and a password (HTTP 407)"),
        ("HTTP/1.1 401 Login\r\n\r\n", .credentials, "wants a user name and a password (HTTP 401)"),
        ("\(wanting)Negotiate\r\nproxy-authenticate: NTLM\r\n\r\n", .credentials, "by negotiate, ntlm"),
        ("\(wanting)Negotiate\r\nproxy-authenticate: BASIC realm=x\r\n\r\n", .credentials, "wants a user name"),
        ("HTTP/1.1 403 Filtered\r\n\r\n", .handshake, "forbids a tunnel to router.example.com:8080"),
        ("HTTP/1.1 405 No\r\n\r\n", .handshake, "does not know CONNECT"),
        ("HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n", .handshake, "redirects"),
        ("HTTP/1.1 502 Bad\r\n\r\n", .handshake, "cannot reach router.example.com:8080"),
        ("HTTP/1.1 503 Bad\r\n\r\nbody", .handshake, "cannot reach router.example.com:8080"),
        ("HTTP/1.1 504 Bad\r\n\r\n", .handshake, "cannot reach router.example.com:8080"),
        ("HTTP/1.1 404 Bad\r\n\r\n", .handshake, "refuses a tunnel"),
        ("HTTP/1.1 200 OK\r\n\r\nX", .handshake, "not safe"), ("SSH-2.0-OpenSSH\r\n", .handshake, "not HTTP"),
        ("\u{15}\u{3}", .handshake, "not HTTP"), ("HTTP/2 200\r\n\r\n", .handshake, "not HTTP"),
        ("HTTP/1.1 abc\r\n\r\n", .handshake, "not HTTP"), ("HTTP/1.1 999 X\r\n\r\n", .handshake, "not HTTP"),
        ("HTTP/1.1\r\n\r\n", .handshake, "not HTTP"), ("HTTP/1.1 +20 X\r\n\r\n", .handshake, "not HTTP"),
    ])
    func refused(_ answer: String, _ code: ConnectionFault.Code, _ why: String) throws {
        guard case .failed(let fault) = try Self.answered(answer) else {
            Issue.record("not refused")
            return
        }
        #expect(fault.code == code)
        #expect(fault.message.hasPrefix("the proxy http://proxy:3128 "))
        #expect(fault.message.contains(why), "\(fault.message)")
    }

    @Test func refusedPassword() throws {
        guard case .failed(let fault) = try Self.answered("HTTP/1.1 407 x\r\n\r\n", "http://me:top-secret@proxy:1")
        else {
            Issue.record("not refused")
            return
        }
        #expect(
            fault.message == "the proxy http://proxy:1 refuses the user name or the password of router.proxy (HTTP 407)"
        )
    }

    /// Neither an endless line nor an endless list of lines is kept.
    @Test(arguments: [
        "HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nA: ", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 O\r\na:b\r\n",
    ])
    func endless(_ beginning: String) throws {
        let filler = beginning.hasSuffix("\n") ? beginning.hasSuffix("b\r\n") ? "a:b\r\n" : beginning : "xxxxxxxx"
        var handshake = try Self.handshake()
        var buffer = ByteBuffer(string: beginning)
        var octets = buffer.readableBytes
        while case .wait = handshake.received(&buffer) {
            buffer.writeString(filler)
            octets += filler.utf8.count
            #expect(octets <= HTTPAnswerReader.greatestHead + 100)
            guard octets <= HTTPAnswerReader.greatestHead + 100 else { break }
        }
        guard case .failed(let fault) = handshake.received(&buffer) else {
            Issue.record("taken")
            return
        }
        #expect(fault.message.contains("too long"))
    }

    @Test func closedAndSilent() throws {
        var handshake = try Self.handshake()
        #expect(handshake.closed().message.contains("closed the connection instead of making a tunnel"))
        #expect(handshake.silent(within: .seconds(10)).message.contains("within 10 s"))
        var buffer = ByteBuffer(string: "HTTP/1.1 403 No\r\nA: b\r\n")
        #expect(handshake.received(&buffer) == .wait)
        #expect(handshake.closed().message.contains("forbids"))
    }
}
