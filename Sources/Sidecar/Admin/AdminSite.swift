import Cryptography
import Names
import SidecarConfiguration

/// What can be seen at the admin port: a table of paths. What is asked of it is decided here, apart from how it came.
struct AdminSite {
    /// What is at a path.
    struct Page {
        /// To which page of the file it belongs.
        let kind: AdminSettings.Page
        /// Answers a request that has been let in.
        let answer: (AdminRequest) -> AdminAnswer
    }

    /// Who may see a page that asks.
    static let user = "wamp"

    private let listen: AdminAddress
    private let kinds: [AdminSettings.Page]
    private let password: SecretBytes?
    private var pages: [ExactText: Page] = [:]

    /// Takes what the file says. There is nothing to be seen yet.
    init(_ settings: AdminSettings) {
        self.init(listen: settings.listen.value, pages: settings.pages, password: settings.password)
    }

    /// Takes what each of it is.
    init(listen: AdminAddress, pages: [AdminSettings.Page], password: Secret? = nil) {
        self.listen = listen
        self.kinds = pages
        self.password = password?.octets
    }

    /// Puts a page at a path, if the file wants pages of its kind.
    mutating func add(_ path: String, _ kind: AdminSettings.Page, _ answer: @escaping (AdminRequest) -> AdminAnswer) {
        guard self.kinds.contains(kind) else { return }
        self.pages[ExactText(path)] = Page(kind: kind, answer: answer)
    }

    /// What a request gets.
    func answer(_ request: AdminRequest) -> AdminAnswer {
        if request.isMalformed { return .last(.badRequest, "a request must have exactly one Host") }
        if request.hasBody { return .last(.payloadTooLarge, "a request must not have a body") }
        if let host = request.host, self.listen.isLocal, !self.isOurs(host) {
            return .text(.misdirectedRequest, "this server does not have the name in Host")
        }
        guard let page = self.pages[ExactText(request.path)] else { return .text(.notFound, "there is no such page") }
        guard request.method != .other else {
            return .text(.methodNotAllowed, "only GET and HEAD are allowed", headers: [("Allow", "GET, HEAD")])
        }
        guard page.kind == .health || self.mayLook(request.authorization) else {
            return .text(
                .unauthorized, "log in as user \(Self.user) with admin.password of the configuration",
                headers: [("WWW-Authenticate", "Basic realm=\"wamp-sidecar\", charset=\"UTF-8\"")])
        }
        return page.answer(request)
    }

    /// A name that a page of a foreign site has for this machine is none of ours: it would be read by that site.
    private func isOurs(_ host: String) -> Bool {
        guard case .tcp(let own, _) = self.listen else { return true }
        let name = Self.withoutPort(host.lowercased())
        if ExactText.areSame(name, own.lowercased()) { return true }
        return ListenAddress.tcp(host: name, port: 1).isLocal
    }

    private static func withoutPort(_ host: String) -> String {
        if host.utf8.first == UInt8(ascii: "["), let end = host.firstIndex(of: "]") {
            return String(host[host.index(after: host.startIndex)..<end])
        }
        return host.firstIndex(of: ":").map { String(host[..<$0]) } ?? host
    }

    private func mayLook(_ authorization: String?) -> Bool {
        guard let password = self.password else { return true }
        let words = authorization?.split(separator: " ", omittingEmptySubsequences: true) ?? []
        guard words.count == 2, ExactText.areSame(words[0].lowercased(), "basic"),
            let given = Base64.decode(Array(words[1].utf8)), let colon = given.firstIndex(of: UInt8(ascii: ":"))
        else { return false }
        let isUser = given[..<colon].elementsEqual(Self.user.utf8)
        return SecretBytes(given[(colon + 1)...]) == password && isUser
    }
}
