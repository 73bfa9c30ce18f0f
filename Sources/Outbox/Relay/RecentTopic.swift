import Names

/// The topic of the row before: most rows have the same one, whose text is made and checked once.
struct RecentTopic {
    /// The text as it is in the row.
    private(set) var text = ""
    /// The topic, or its fault.
    private(set) var uri = Result<URI, URIError>.failure(.empty)

    /// Takes the next row's topic.
    mutating func take(_ octets: UnsafeRawBufferPointer) {
        var text = self.text
        guard !text.withUTF8({ $0.elementsEqual(octets) }) else { return }
        text = String(decoding: octets, as: UTF8.self)
        self.text = text
        self.uri = Result { () throws(URIError) in try URI(text) }
    }
}
