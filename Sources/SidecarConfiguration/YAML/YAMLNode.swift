/// A piece of a YAML document with its place: all that the reader of the configuration knows of YAML.
///
/// Scalars stay text; what they mean is the reader's decision, so that no rule of YAML turns `no` into a boolean or
/// `1_000` into a number behind the user's back.
struct YAMLNode: Sendable {
    /// What a node is.
    enum Content: Sendable {
        /// A text. `isPlain`: it stood without quotes.
        case scalar(text: String, isPlain: Bool)

        /// A list.
        case sequence([YAMLNode])

        /// Keys and values in the order of the file, no key twice.
        case mapping([YAMLEntry])
    }

    /// Where it begins; what came in by an alias keeps the place where it was written.
    let location: Location

    /// What it is.
    let content: Content

    /// How many nodes it consists of, itself included: what an alias to it costs.
    let size: Int

    /// How deep it is: 1 for a scalar.
    let height: Int
}

/// One key of a mapping and its value.
struct YAMLEntry: Sendable {
    /// The key's text.
    let key: String

    /// Where the key stands.
    let location: Location

    /// What belongs to it.
    let value: YAMLNode
}

/// What is wrong with a YAML text; says nothing of what stands there.
struct YAMLFault: Error, Sendable {
    /// Where.
    let location: Location

    /// What is wrong, as a part of a sentence.
    let problem: String

    /// What to do.
    let remedy: String
}

/// The bounds of what is taken for a configuration file: nothing within them can exhaust the stack or the memory.
struct YAMLLimits: Sendable {
    /// Octets of the file.
    var size = 1 << 20

    /// Nodes, those that aliases repeat included.
    var nodes = 100_000

    /// Mappings and lists within one another.
    var depth = 64

    /// Faults that reading goes on after.
    var faults = 1000
}
