/// Composes the one document of a text of its events. Use it once.
///
/// A stack of open collections grows on the heap, and every limit is checked before something is added. All duplicate
/// keys are found, and compared without following aliases, which could take forever if they are nested cleverly.
struct YAMLComposer {
    /// A collection that is not complete yet.
    private struct Open {
        let location: Location
        let anchor: String?
        let isMapping: Bool
        var nodes: [YAMLNode] = []
        var entries: [YAMLEntry] = []
        var key: (text: String, location: Location)?
        /// By the octets of the keys.
        var seen: [[UInt8]: Location] = [:]
        var size = 1
        var height = 1
    }

    /// The values of anchors.
    private enum Anchored {
        case open
        case node(YAMLNode)
    }

    private let limits: YAMLLimits
    private var open: [Open] = []
    private var anchors: [String: Anchored] = [:]
    private var nodes = 0
    private var root: YAMLNode?
    private var faults: [YAMLFault] = []

    /// A composer with these limits.
    init(limits: YAMLLimits) {
        self.limits = limits
    }

    /// The document of a text; nil if it has none or can't be read to its end; and all its faults.
    ///
    /// - Parameter text: UTF-8 without a byte order mark.
    mutating func compose(_ text: [UInt8]) -> (document: YAMLNode?, faults: [YAMLFault]) {
        do {
            try YAMLEvents.read(text) { event throws(YAMLFault) in try self.take(event) }
            return (self.root, self.faults)
        } catch {
            return (nil, self.faults + [error])
        }
    }

    private mutating func take(_ event: YAMLEvent) throws(YAMLFault) {
        switch event.content {
        case .documentStart:
            guard self.root == nil else {
                throw YAMLFault(
                    location: event.location, problem: "a second document begins here",
                    remedy: "put everything into one document, without a line '---' in between")
            }
        case .alias(let anchor):
            try self.addAlias(anchor, at: event.location)
        case .scalar(let text, let isPlain):
            try self.refuseTag(of: event)
            let node = YAMLNode(
                location: event.location, content: .scalar(text: text, isPlain: isPlain), size: 1, height: 1)
            if let anchor = event.anchor { self.anchors[anchor] = .node(node) }
            try self.count(1, at: event.location)
            try self.add(node, at: event.location)
        case .sequenceStart:
            try self.begin(false, event)
        case .mappingStart:
            try self.begin(true, event)
        case .collectionEnd:
            try self.end()
        }
    }

    private mutating func addAlias(_ anchor: String, at location: Location) throws(YAMLFault) {
        switch self.anchors[anchor] {
        case nil:
            throw YAMLFault(
                location: location, problem: "there is no anchor with this alias's name above",
                remedy: "put the value into quotes if the '*' belongs to it")
        case .open:
            throw YAMLFault(
                location: location, problem: "the alias is inside the value that it repeats",
                remedy: "write the value out")
        case .node(let node):
            guard self.open.count + node.height <= self.limits.depth else { throw self.tooDeep(at: location) }
            try self.count(node.size, at: location)
            try self.add(node, at: location)
        }
    }

    private mutating func begin(_ isMapping: Bool, _ event: YAMLEvent) throws(YAMLFault) {
        try self.refuseTag(of: event)
        guard self.open.count < self.limits.depth else { throw self.tooDeep(at: event.location) }
        if let parent = self.open.last, parent.isMapping, parent.key == nil { throw Self.notAKey(at: event.location) }
        try self.count(1, at: event.location)
        if let anchor = event.anchor { self.anchors[anchor] = .open }
        self.open.append(Open(location: event.location, anchor: event.anchor, isMapping: isMapping))
    }

    private mutating func end() throws(YAMLFault) {
        guard let done = self.open.popLast() else { return }
        let node = YAMLNode(
            location: done.location,
            content: done.isMapping ? .mapping(done.entries) : .sequence(done.nodes),
            size: done.size, height: done.height)
        if let anchor = done.anchor { self.anchors[anchor] = .node(node) }
        try self.add(node, at: done.location)
    }

    /// Puts a finished node into its collection.
    private mutating func add(_ node: YAMLNode, at location: Location) throws(YAMLFault) {
        guard var parent = self.open.popLast() else {
            self.root = node
            return
        }
        if !parent.isMapping {
            parent.nodes.append(node)
        } else if let key = parent.key {
            parent.key = nil
            try self.add(key, value: node, to: &parent)
        } else {
            guard case .scalar(let text, _) = node.content else { throw Self.notAKey(at: location) }
            parent.key = (text, location)
        }
        parent.size += node.size
        parent.height = max(parent.height, node.height + 1)
        self.open.append(parent)
    }

    private mutating func add(
        _ key: (text: String, location: Location), value: YAMLNode, to parent: inout Open
    ) throws(YAMLFault) {
        guard let first = parent.seen[Array(key.text.utf8)] else {
            parent.seen[Array(key.text.utf8)] = key.location
            parent.entries.append(YAMLEntry(key: key.text, location: key.location, value: value))
            return
        }
        let entry = YAMLEntry(key: key.text, location: key.location, value: value)
        let name = entry.shownKey.map { "key '\($0)'" } ?? "a key"
        let fault = YAMLFault(
            location: key.location, problem: "\(name) appears twice, first in line \(first.line)",
            remedy: "remove one of the two")
        guard self.faults.count < self.limits.faults else { throw fault }
        self.faults.append(fault)
    }

    // MARK: Bounds

    private mutating func count(_ added: Int, at location: Location) throws(YAMLFault) {
        // No alias adds more than the limit, so this can't overflow.
        self.nodes += added
        guard self.nodes <= self.limits.nodes else {
            throw YAMLFault(
                location: location,
                problem: "the file has more than \(self.limits.nodes) values, including those that aliases repeat",
                remedy: "make it smaller")
        }
    }

    private func tooDeep(at location: Location) -> YAMLFault {
        YAMLFault(
            location: location,
            problem: "this is nested more than \(self.limits.depth) levels deep", remedy: "nest less")
    }

    private static func notAKey(at location: Location) -> YAMLFault {
        YAMLFault(
            location: location, problem: "a key must be a plain text here",
            remedy: "put text that begins with '{' or '[' into quotes")
    }

    private func refuseTag(of event: YAMLEvent) throws(YAMLFault) {
        guard event.isTagged else { return }
        throw YAMLFault(
            location: event.location, problem: "tags are not supported",
            remedy: "remove the tag, or put the value into quotes if the '!' belongs to it")
    }
}
