/// The fault of a text, as the end of a sentence that begins with its key's name.
struct TextFault: Error, CustomStringConvertible {
    /// The fault, in words for users.
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
