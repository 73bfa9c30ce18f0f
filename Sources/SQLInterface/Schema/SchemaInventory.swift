/// The names of the objects that the interface's scripts make. Read from the scripts themselves, so that it can't lag
/// behind them.
///
/// Other objects in a schema are somebody else's, and an administrator must not run them.
struct SchemaInventory: Sendable, Equatable {
    private(set) var tables: Set<String> = []
    private(set) var views: Set<String> = []
    private(set) var types: Set<String> = []
    private(set) var triggers: Set<String> = []
    private(set) var functions: Set<String> = []
    /// Every word of the statements outside of functions' bodies: defaults and conditions consist of them.
    private(set) var words: Set<String> = []

    /// Of all the scripts that this binary knows.
    static let interface = Self(scripts: SchemaScript.templates)

    /// Reads them.
    init(scripts: [String]) {
        for script in scripts { self.read(Self.statements(of: script)) }
    }

    private mutating func read(_ text: String) {
        let words = text.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "@" }.map {
            String($0)
        }
        self.words.formUnion(words)
        for (index, word) in words.enumerated() where word == "create" {
            // Words such as `or replace` and `constraint` may precede the kind.
            for kind in (index + 1)..<max(index + 1, min(index + 4, words.count - 1)) {
                // After it comes the schema's name, if there is one.
                let name = words[kind + 1] == "@schema@" ? words[min(kind + 2, words.count - 1)] : words[kind + 1]
                switch words[kind] {
                case "table": self.tables.insert(name)
                case "view": self.views.insert(name)
                case "type": self.types.insert(name)
                case "trigger": self.triggers.insert(name)
                case "function", "procedure": self.functions.insert(name)
                default: continue
                }
                break
            }
        }
    }

    /// The script without comments and without the text between dollars.
    private static func statements(of script: String) -> String {
        var result = ""
        var tag: Substring?
        for line in script.split(separator: "\n") {
            var rest = line
            while !rest.isEmpty {
                if let open = tag {
                    guard let end = rest.firstRange(of: open) else { break }
                    rest = rest[end.upperBound...]
                    tag = nil
                    continue
                }
                let comment = rest.firstRange(of: "--")?.lowerBound ?? rest.endIndex
                guard let start = rest[..<comment].firstIndex(of: "$"),
                    let end = rest[rest.index(after: start)...].firstIndex(of: "$")
                else {
                    result += rest[..<comment]
                    break
                }
                result += rest[..<start]
                tag = rest[start...end]
                rest = rest[rest.index(after: end)...]
            }
            result += "\n"
        }
        return result
    }
}
