/// Makes `YAMLNode`s of the events of libyaml, the parser within the package Yams.
///
/// This is the only file that knows Yams. It takes libyaml's events as they come instead of Yams' own tree because
/// that one is composed by recursion, ends at the first doubled key, compares keys through aliases (which takes for ever
/// if they are nested cleverly), and throws errors that hold the whole file. Here a stack of open collections grows on
/// the heap, every bound is checked before something is added, and libyaml's problems become sentences of our own.
internal import CYaml

/// Composes the one document of a text. Use it once.
struct YAMLComposer {
    /// A collection whose end hasn't come yet.
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

    /// What an anchor stands for.
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

    /// A composer within bounds.
    init(limits: YAMLLimits) {
        self.limits = limits
    }

    /// The document of a text, nil if it has none or can't be read to its end, and all that is wrong with it.
    ///
    /// - Parameter text: UTF-8 without a byte order mark.
    mutating func compose(_ text: [UInt8]) -> (document: YAMLNode?, faults: [YAMLFault]) {
        // libyaml asserts that it gets an address, which an empty array has none of.
        guard !text.isEmpty else { return (nil, []) }
        do {
            try text.withUnsafeBufferPointer { (bytes) throws(YAMLFault) in
                var parser = yaml_parser_t()
                guard yaml_parser_initialize(&parser) == 1 else { throw Self.outOfMemory }
                defer { yaml_parser_delete(&parser) }
                yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
                yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
                while try self.step(&parser, text: bytes) {}
            }
            return (self.root, self.faults)
        } catch {
            return (nil, self.faults + [error])
        }
    }

    /// Takes one event; false at the end of the text.
    private mutating func step(
        _ parser: inout yaml_parser_t, text: UnsafeBufferPointer<UInt8>
    ) throws(YAMLFault) -> Bool {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else { throw Self.fault(of: parser, text: text) }
        defer { yaml_event_delete(&event) }
        let location = Location(event.start_mark)
        switch event.type {
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
            return false
        case YAML_DOCUMENT_START_EVENT:
            guard self.root == nil else {
                throw YAMLFault(
                    location: location, problem: "a second document begins here",
                    remedy: "put everything into one document, without a line '---' in between")
            }
        case YAML_ALIAS_EVENT:
            try self.addAlias(Self.text(event.data.alias.anchor) ?? "", at: location)
        case YAML_SCALAR_EVENT:
            try self.addScalar(event, at: location)
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            try self.begin(false, anchor: Self.text(start.anchor), isTagged: start.tag != nil, at: location)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            try self.begin(true, anchor: Self.text(start.anchor), isTagged: start.tag != nil, at: location)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            try self.end()
        default:
            break
        }
        return true
    }

    private mutating func addScalar(_ event: yaml_event_t, at location: Location) throws(YAMLFault) {
        let scalar = event.data.scalar
        try self.refuseTag(scalar.tag != nil, at: location)
        let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        let node = YAMLNode(
            location: location,
            content: .scalar(
                text: String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE),
            size: 1, height: 1)
        if let anchor = Self.text(scalar.anchor) { self.anchors[anchor] = .node(node) }
        try self.count(1, at: location)
        try self.add(node, at: location)
    }

    private mutating func addAlias(_ anchor: String, at location: Location) throws(YAMLFault) {
        switch self.anchors[anchor] {
        case nil:
            throw YAMLFault(
                location: location, problem: "there is no anchor of this alias's name above",
                remedy: "put the value into quotes if it begins with a '*' of its own")
        case .open:
            throw YAMLFault(
                location: location, problem: "the alias stands inside of what it repeats",
                remedy: "write the value out")
        case .node(let node):
            guard self.open.count + node.height <= self.limits.depth else { throw self.tooDeep(at: location) }
            try self.count(node.size, at: location)
            try self.add(node, at: location)
        }
    }

    private mutating func begin(
        _ isMapping: Bool, anchor: String?, isTagged: Bool, at location: Location
    ) throws(YAMLFault) {
        try self.refuseTag(isTagged, at: location)
        guard self.open.count < self.limits.depth else { throw self.tooDeep(at: location) }
        if let parent = self.open.last, parent.isMapping, parent.key == nil { throw Self.notAKey(at: location) }
        try self.count(1, at: location)
        if let anchor { self.anchors[anchor] = .open }
        self.open.append(Open(location: location, anchor: anchor, isMapping: isMapping))
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

    /// Puts a finished node where it belongs.
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
            location: key.location, problem: "\(name) is here for the second time, first in line \(first.line)",
            remedy: "remove one of the two")
        guard self.faults.count < self.limits.faults else { throw fault }
        self.faults.append(fault)
    }

    // MARK: Bounds

    private mutating func count(_ added: Int, at location: Location) throws(YAMLFault) {
        // No alias brings in more than the limit, so this can't overflow.
        self.nodes += added
        guard self.nodes <= self.limits.nodes else {
            throw YAMLFault(
                location: location,
                problem: "the file has more than \(self.limits.nodes) values, those that aliases repeat included",
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
            location: location, problem: "a key has to be a plain text here",
            remedy: "put text that begins with '{' or '[' into quotes")
    }

    private func refuseTag(_ isTagged: Bool, at location: Location) throws(YAMLFault) {
        guard isTagged else { return }
        throw YAMLFault(
            location: location, problem: "tags are not supported",
            remedy: "remove the tag, or put the value into quotes if it begins with a '!' of its own")
    }

    // MARK: libyaml

    private static let outOfMemory = YAMLFault(
        location: .start, problem: "there is not enough memory to read the file", remedy: "free some")

    private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        bytes.map { String(cString: $0) }
    }

    /// What libyaml found, in our words and without a word of the file.
    private static func fault(of parser: yaml_parser_t, text: UnsafeBufferPointer<UInt8>) -> YAMLFault {
        let problem = parser.problem.map { String(cString: $0) } ?? ""
        let context = parser.context.map { String(cString: $0) } ?? ""
        switch parser.error {
        case YAML_MEMORY_ERROR:
            return Self.outOfMemory
        case YAML_READER_ERROR:
            let before = text.prefix(parser.problem_offset)
            return YAMLFault(
                location: Location(endOf: before), problem: "there is a character here that YAML doesn't allow",
                remedy: "remove it, or write it as an escape (\\u....) in double quotes")
        default:
            let sentence = YAMLProblem.sentence(problem: problem, context: context)
            let mark = sentence.isAboutBeginning ? parser.context_mark : parser.problem_mark
            return YAMLFault(location: Location(mark), problem: sentence.problem, remedy: sentence.remedy)
        }
    }
}

extension Location {
    /// The place of a mark, which counts from 0.
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
    }
}
