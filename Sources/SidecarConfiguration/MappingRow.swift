/// A procedure or a subscription that SQL registered: the same reader checks it as checks an entry of the file.
package struct MappingRow: Sendable {
    /// Its origin, for messages: `registration 12`.
    package let place: String
    /// The procedure's URI, or the topic.
    package let key: String
    /// The function's name, or its signature.
    package let function: String
    /// A JSON object of options, named as in the file; nil if there are none.
    package let options: String?

    /// Takes the row as it is.
    package init(place: String, key: String, function: String, options: String?) {
        self.place = place
        self.key = key
        self.function = function
        self.options = options
    }

    /// The procedure that the row describes.
    ///
    /// - Throws: all faults of the row.
    package func procedure() throws(MappingRowFault) -> ProcedureMapping {
        try self.read { $0.procedures($1).first }
    }

    /// The subscription that the row describes.
    ///
    /// - Throws: all faults of the row.
    package func subscription() throws(MappingRowFault) -> SubscriptionMapping {
        try self.read { $0.subscriptions($1).first }
    }

    /// JSON is YAML: the options are composed like a piece of the file. There are no variables: SQL must not read the
    /// environment.
    private func read<Mapping>(
        _ take: (Reading, YAMLEntry) -> Mapping?
    ) throws(MappingRowFault) -> Mapping {
        let reading = Reading(file: self.place, folder: ".", environment: [:])
        var entries: [YAMLEntry] = []
        if let options = self.options {
            var composer = YAMLComposer(limits: YAMLLimits())
            let (document, faults) = composer.compose(Array(options.utf8))
            guard faults.isEmpty, let document, case .mapping(let keys) = document.content else {
                throw MappingRowFault(description: "\(self.place): its options are not an object")
            }
            if let key = keys.first(where: { ["function", "sql"].contains($0.key) }) {
                throw MappingRowFault(description: "\(self.place): '\(key.key)' can't be one of its options")
            }
            entries = keys
        }
        let function = YAMLNode(
            location: .start, content: .scalar(text: self.function, isPlain: false), size: 1, height: 1)
        entries.append(YAMLEntry(key: "function", location: .start, value: function))
        let size = entries.reduce(1) { $0 + $1.value.size }
        let height = (entries.map(\.value.height).max() ?? 0) + 1
        let section = YAMLNode(location: .start, content: .mapping(entries), size: size, height: height)
        let entry = YAMLEntry(key: self.key, location: .start, value: section)
        let whole = YAMLNode(location: .start, content: .mapping([entry]), size: size + 1, height: height + 1)
        let mapping = take(reading, YAMLEntry(key: "", location: .start, value: whole))
        if let faults = reading.result {
            // Places within the options would mean nothing to a reader.
            let texts = faults.faults.map { "\($0.problem); \($0.remedy)" }
            throw MappingRowFault(description: "\(self.place): \(texts.joined(separator: "; "))")
        }
        guard let mapping else { throw MappingRowFault(description: "\(self.place): it can't be used") }
        return mapping
    }
}

/// Why a row can't be used.
package struct MappingRowFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The row, the fault and the remedy.
    package let description: String

    /// Takes the message for people.
    package init(description: String) {
        self.description = description
    }
}
