import Cryptography
import Names
import SidecarConfiguration
import TestChecks
import Testing

@testable import Sidecar

@Suite("What the admin port answers")
struct AdminSiteTests {
    private static func site(
        _ listen: AdminAddress = .tcp(host: "127.0.0.1", port: 9632),
        pages: [AdminSettings.Page] = AdminSettings.Page.allCases, password: Secret? = nil
    ) -> AdminSite {
        var site = AdminSite(listen: listen, pages: pages, password: password)
        site.add("/live", .health) { _ in .text(.ok, "live") }
        site.add("/status", .status) { .text(.ok, "status \($0.path)") }
        return site
    }

    private static func status(_ site: AdminSite, _ request: AdminRequest) -> AdminAnswer.Status {
        site.answer(request).status
    }

    private static func basic(_ text: String) -> String {
        "Basic \(String(decoding: Base64.encode(Array(text.utf8)), as: UTF8.self))"
    }

    @Test("a page that is there, and wanted, is shown")
    func pages() {
        let site = Self.site()
        check(site.answer(AdminRequest(path: "/status")), .text(.ok, "status /status"))
        check(site.answer(AdminRequest(method: .head, path: "/live")), .text(.ok, "live"))
        check(Self.status(site, AdminRequest(path: "/stat")), .notFound)
        check(Self.status(site, AdminRequest(path: "/live/")), .notFound)
        check(Self.status(Self.site(pages: [.health]), AdminRequest(path: "/status")), .notFound)
        check(Self.status(Self.site(pages: [.status]), AdminRequest(path: "/live")), .notFound)
    }

    @Test("nothing is changed by a request")
    func methods() {
        let answer = Self.site().answer(AdminRequest(method: .other, path: "/live"))
        check(answer.status, .methodNotAllowed)
        check(answer.headers.first { $0.name == "Allow" }?.value, "GET, HEAD")
        check(Self.status(Self.site(), AdminRequest(method: .other, path: "/none")), .notFound)
    }

    @Test("what can't be a request of ours ends the connection")
    func last() {
        var body = Self.site().answer(AdminRequest(path: "/live", hasBody: true))
        check(body.status, .payloadTooLarge)
        check(body.isLast, true)
        body = Self.site().answer(AdminRequest(path: "/live", isMalformed: true))
        check(body.status, .badRequest)
        check(body.isLast, true)
    }

    @Test("the password is asked for, but not for health")
    func password() {
        let site = Self.site(password: Secret("s3:cret"))
        check(Self.status(site, AdminRequest(path: "/live")), .ok)
        let refusal = site.answer(AdminRequest(path: "/status"))
        check(refusal.status, .unauthorized)
        check(refusal.headers.contains { $0.name == "WWW-Authenticate" }, true)
        for text in ["wamp:s3:cre", "wamp:", "wamp", "vamp:s3:cret", "wamp:s3:cret ", ":s3:cret", ""] {
            check(Self.status(site, AdminRequest(path: "/status", authorization: Self.basic(text))), .unauthorized)
        }
        for text in ["Basic", "Basic !", "Bearer d2FtcDpzMzpjcmV0", "d2FtcDpzMzpjcmV0"] {
            check(Self.status(site, AdminRequest(path: "/status", authorization: text)), .unauthorized)
        }
        check(Self.status(site, AdminRequest(path: "/status", authorization: Self.basic("wamp:s3:cret"))), .ok)
        check(Self.status(site, AdminRequest(path: "/status", authorization: "basic d2FtcDpzMzpjcmV0")), .ok)
    }

    @Test("on this machine nobody comes by another machine's name")
    func hosts() {
        let site = Self.site()
        for host in ["127.0.0.1:9632", "localhost", "LOCALHOST:1", "[::1]:9632", "127.8.8.8"] {
            check(Self.status(site, AdminRequest(path: "/live", host: host)), .ok, "\(host)")
        }
        for host in ["example.com", "localhost.example.com", "[::2]:9632", "127.0.0.1.example.com:9632", ""] {
            check(Self.status(site, AdminRequest(path: "/live", host: host)), .misdirectedRequest, "\(host)")
        }
        let others = Self.site(.tcp(host: "0.0.0.0", port: 9632))
        check(Self.status(others, AdminRequest(path: "/live", host: "sidecar.example.com")), .ok)
        check(Self.status(Self.site(.file(path: "/run/a")), AdminRequest(path: "/live", host: "any")), .ok)
    }

    @Test("nobody keeps an answer")
    func headers() {
        let headers = Self.site().answer(AdminRequest(path: "/live")).headers.map { "\($0.name): \($0.value)" }
        check(
            headers,
            [
                "Content-Type: text/plain; charset=utf-8", "Content-Length: 5", "Cache-Control: no-store",
                "X-Content-Type-Options: nosniff",
            ])
    }
}
