@testable import SidecarConfiguration

/// The reader of the configuration, and below it that of YAML. An input is a file.
enum YAMLFuzzer {
    private static let environment = [
        "SECRET": "hunter2-hunter2", "NUMBER": "7", "EMPTY": "", "URL": "ws://127.0.0.1:8080/ws",
        "BOTH": "a: ${SECRET}\nb",
    ]

    static func run(_ input: [UInt8]) {
        guard let octets = try? TextFile.checked(input) else {
            hold(String(validating: input, as: UTF8.self) == nil, "what is UTF-8 is refused")
            return
        }
        var composer = YAMLComposer(limits: YAMLLimits())
        let (document, faults) = composer.compose(octets)
        for fault in faults {
            self.check(fault.location, octets)
            self.check("\(fault.problem); \(fault.remedy)")
        }
        if let document {
            guard !self.namesFiles(document) else { return }
            self.check(document)
            if faults.isEmpty { self.writeAgain(document) }
        }
        let outcome = self.load(octets)
        for fault in outcome.faults {
            guard let location = fault.location else { continue }
            self.check(location, octets)
        }
        hold(outcome.faults.isEmpty || outcome.configuration == nil, "faults and a configuration")
        hold(!outcome.faults.isEmpty || outcome.configuration != nil, "neither faults nor a configuration")
        hold(document != nil || outcome.configuration == nil, "a configuration of no document")
        let places = outcome.faults.map { $0.location ?? .start }
        hold(places == places.sorted() && Set(outcome.faults).count == places.count, "faults out of order, or twice")
        let texts = outcome.faults.map(\.description)
        let mayHoldSecret = String(decoding: octets, as: UTF8.self).contains("hunter2")
        for text in texts {
            self.check(text)
            hold(mayHoldSecret || !text.contains("hunter2"), "a variable's value is shown: \(text)")
        }
        // As an editor on another system has it.
        guard !octets.contains(UInt8(ascii: "\r")) else { return }
        let elsewhere = self.load(octets.flatMap { $0 == UInt8(ascii: "\n") ? [UInt8(ascii: "\r"), $0] : [$0] })
        hold(
            elsewhere.faults.map(\.description) == texts, "with other ends of lines: \(elsewhere.faults), not \(texts)")
    }

    private static func load(_ octets: [UInt8]) -> (configuration: Configuration?, faults: [Fault]) {
        do throws(ConfigurationFaults) {
            let text = String(decoding: octets, as: UTF8.self)
            return (
                try ConfigurationFile.load(text: text, folder: "/no/such/folder", environment: self.environment), []
            )
        } catch {
            return (nil, error.faults)
        }
    }

    // MARK: - What is said

    private static func check(_ location: Location, _ octets: [UInt8]) {
        hold(
            (1...octets.count + 1).contains(location.line) && (1...octets.count + 1).contains(location.column),
            "no such place: \(location)")
    }

    private static func check(_ text: String) {
        hold(text.utf8.count < 4096, "a fault of \(text.utf8.count) octets: \(text)")
        hold(
            text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control },
            "a fault of more than a line: \(text)")
    }

    // MARK: - Documents

    /// Whether a file could be read for it; those in folders that are not there are not.
    private static func namesFiles(_ node: YAMLNode) -> Bool {
        switch node.content {
        case .scalar:
            false
        case .sequence(let nodes):
            nodes.contains { self.namesFiles($0) }
        case .mapping(let entries):
            entries.contains { entry in
                guard entry.key.hasSuffix("_file"), case .scalar(let text, _) = entry.value.content else {
                    return self.namesFiles(entry.value)
                }
                return text.hasPrefix("/") || text.contains("${")
            }
        }
    }

    private static func check(_ node: YAMLNode) {
        let children: [YAMLNode] =
            switch node.content {
            case .scalar: []
            case .sequence(let nodes): nodes
            case .mapping(let entries): entries.map(\.value)
            }
        hold(node.size >= 1 + children.reduce(0) { $0 + $1.size }, "a size of \(node.size)")
        // What a doubled key has counts, but isn't there.
        hold(node.height > (children.map(\.height).max() ?? 0), "a height of \(node.height)")
        hold(node.height <= YAMLLimits().depth + 1, "a height of \(node.height)")
        if case .mapping(let entries) = node.content {
            hold(Set(entries.map { Array($0.key.utf8) }).count == entries.count, "a key appears twice")
        }
        guard node.size < 2000 else { return }
        for child in children { self.check(child) }
    }

    /// Read and written and read again it is the same.
    private static func writeAgain(_ document: YAMLNode) {
        guard document.size < 2000 else { return }
        let text = self.written(document)
        var composer = YAMLComposer(limits: YAMLLimits())
        let (again, faults) = composer.compose(Array(text.utf8))
        hold(faults.isEmpty, "written again it is faulty: \(faults) in \(text)")
        hold(again.map { self.written($0) } == text, "written again it is another: \(text)")
    }

    /// On one line, with quotes around everything.
    private static func written(_ node: YAMLNode) -> String {
        switch node.content {
        case .scalar(let text, _):
            self.quoted(text)
        case .sequence(let nodes):
            "[" + nodes.map { self.written($0) }.joined(separator: ", ") + "]"
        case .mapping(let entries):
            // The question mark is for keys of more than 1024 characters.
            "{" + entries.map { "? \(self.quoted($0.key)) : \(self.written($0.value))" }.joined(separator: ", ") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22, 0x5C: result += "\\\(scalar)"
            case 0x20...0x7E: result.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
        }
        return result + "\""
    }
}
