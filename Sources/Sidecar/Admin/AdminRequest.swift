import NIOHTTP1
import Names

/// What a client of the admin port asks for.
struct AdminRequest: Equatable {
    /// How it asks. Whatever is not listed is not allowed.
    enum Method: Equatable {
        case get
        case head
        case other
    }

    var method = Method.get
    /// As it was sent, without the query.
    var path: String
    /// What stands behind the question mark, pairs of name and value.
    var query: [String] = []
    /// What the client calls this server; nil: it does not say.
    var host: String?
    var accept: String?
    var authorization: String?
    /// Whether something follows the head.
    var hasBody = false
    /// Whether it is malformed in a way that the parser lets pass.
    var isMalformed = false
    /// Whether the client may send another request.
    var keepsOpen = true
}

extension AdminRequest {
    /// A request as the parser has it.
    init(_ head: HTTPRequestHead) {
        let hosts = head.headers["host"]
        let target = Self.target(head.uri)
        let parts = target.path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(path: parts.first.map { $0.isEmpty ? "/" : String($0) } ?? "/")
        self.method =
            switch head.method {
            case .GET: .get
            case .HEAD: .head
            default: .other
            }
        if parts.count > 1 { self.query = parts[1].split(separator: "&").map(String.init) }
        self.host = target.host ?? hosts.first
        self.accept = head.headers.first(name: "accept")
        self.authorization = head.headers.first(name: "authorization")
        let lengths = head.headers["content-length"]
        self.hasBody = head.headers.contains(name: "transfer-encoding") || lengths.contains { $0 != "0" }
        self.isMalformed = hosts.count > 1 || (hosts.isEmpty && head.version == .http1_1)
        // After a request for another protocol the parser takes nothing more.
        let wantsOther = head.headers.contains(name: "upgrade") || head.method == .CONNECT
        self.keepsOpen = head.version == .http1_1 && head.isKeepAlive && !wantsOther
    }

    /// Proxies, and some clients, write the whole URL.
    private static func target(_ uri: String) -> (host: String?, path: String) {
        for scheme in ["http://", "https://"] where uri.lowercased().utf8.starts(with: scheme.utf8) {
            let rest = uri.dropFirst(scheme.count)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            let path = rest[end...]
            return (String(rest[..<end]), path.utf8.first == UInt8(ascii: "/") ? String(path) : "/\(path)")
        }
        return (nil, uri)
    }

    /// Whether the client would rather have JSON than text.
    var prefersJSON: Bool {
        guard let accept = self.accept else { return false }
        return accept.split(separator: ",").contains { range in
            let parts = range.lowercased().split(separator: ";").map { $0.filter { !$0.isWhitespace } }
            let isRefused = parts.dropFirst().contains { ExactText.areSame($0, "q=0") }
            return parts.first.map { ExactText.areSame($0, "application/json") } == true && !isRefused
        }
    }

    /// Whether the query has a pair.
    func asks(for pair: String) -> Bool {
        self.query.contains { ExactText.areSame($0, pair) }
    }
}
