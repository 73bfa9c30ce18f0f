/// The only file that uses libyaml: runs its parser over a text and passes its findings on as values of the sidecar.
internal import CYAML

/// A piece of a YAML text, with its place.
struct YAMLEvent {
    /// The kind of a piece.
    enum Content {
        /// A document begins.
        case documentStart

        /// A value from above is repeated, by its anchor's name.
        case alias(String)

        /// A text. `isPlain`: it had no quotes.
        case scalar(text: String, isPlain: Bool)

        /// A list begins.
        case sequenceStart

        /// Keys and values begin.
        case mappingStart

        /// The innermost list or mapping ends.
        case collectionEnd
    }

    /// The place of its beginning.
    let location: Location

    /// The kind.
    let content: Content

    /// The name by which aliases repeat this value.
    var anchor: String?

    /// Whether a tag precedes the value.
    var isTagged = false
}

/// The events of a text in their order.
enum YAMLEvents {
    /// Passes on one event after the other, until the text ends, is not YAML, or the receiver has found a fault.
    ///
    /// - Parameter text: UTF-8 without a byte order mark.
    static func read(_ text: [UInt8], _ take: (YAMLEvent) throws(YAMLFault) -> Void) throws(YAMLFault) {
        // libyaml asserts that it gets an address, and an empty array has none.
        guard !text.isEmpty else { return }
        try unsafe text.withUnsafeBufferPointer { bytes throws(YAMLFault) in
            var parser = unsafe yaml_parser_t()
            guard unsafe yaml_parser_initialize(&parser) == 1 else { throw Self.outOfMemory }
            defer { unsafe yaml_parser_delete(&parser) }
            unsafe yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
            unsafe yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            while true {
                var event = unsafe yaml_event_t()
                guard unsafe yaml_parser_parse(&parser, &event) == 1 else {
                    throw unsafe Self.fault(of: parser, text: bytes)
                }
                defer { unsafe yaml_event_delete(&event) }
                let type = unsafe event.type
                if type == YAML_STREAM_END_EVENT || type == YAML_NO_EVENT { return }
                if let event = unsafe YAMLEvent(event) { try take(event) }
            }
        }
    }

    private static let outOfMemory = YAMLFault(
        location: .start, problem: "there is not enough memory to read the file", remedy: "free some")

    /// libyaml's finding, in the sidecar's words and without a word of the file.
    private static func fault(of parser: yaml_parser_t, text: UnsafeBufferPointer<UInt8>) -> YAMLFault {
        let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? ""
        let context = unsafe parser.context.map { unsafe String(cString: $0) } ?? ""
        switch unsafe parser.error {
        case YAML_MEMORY_ERROR:
            return Self.outOfMemory
        case YAML_READER_ERROR:
            let before = unsafe Location(endOf: text.prefix(parser.problem_offset))
            return YAMLFault(
                location: before, problem: "there is a character here that YAML doesn't allow",
                remedy: "remove it, or write it as an escape (\\u....) in double quotes")
        default:
            let sentence = YAMLProblem.sentence(problem: problem, context: context)
            let mark = unsafe sentence.isAboutBeginning ? parser.context_mark : parser.problem_mark
            return YAMLFault(location: Location(mark), problem: sentence.problem, remedy: sentence.remedy)
        }
    }
}

extension YAMLEvent {
    /// The meaning of one of libyaml's events; nil for those that do not concern values.
    fileprivate init?(_ event: yaml_event_t) {
        self.location = unsafe Location(event.start_mark)
        switch unsafe event.type {
        case YAML_DOCUMENT_START_EVENT:
            self.content = .documentStart
        case YAML_ALIAS_EVENT:
            self.content = unsafe .alias(Self.text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let text = unsafe String(decoding: bytes, as: UTF8.self)
            self.content = unsafe .scalar(text: text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
            self.anchor = unsafe Self.text(scalar.anchor)
            self.isTagged = unsafe scalar.tag != nil
        case YAML_SEQUENCE_START_EVENT:
            self.content = .sequenceStart
            self.anchor = unsafe Self.text(event.data.sequence_start.anchor)
            self.isTagged = unsafe event.data.sequence_start.tag != nil
        case YAML_MAPPING_START_EVENT:
            self.content = .mappingStart
            self.anchor = unsafe Self.text(event.data.mapping_start.anchor)
            self.isTagged = unsafe event.data.mapping_start.tag != nil
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            self.content = .collectionEnd
        default:
            return nil
        }
    }

    private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        unsafe bytes.map { unsafe String(cString: $0) }
    }
}

extension Location {
    /// The place of a mark, which counts from 0.
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
    }
}
