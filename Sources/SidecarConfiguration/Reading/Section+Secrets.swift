internal import Cryptography

extension Section {
    /// A secret, from its key or from the file that the key's `_file` twin names; nil if neither exists or it is
    /// faulty. No message contains the secret.
    func secret(_ key: String) -> Secret? {
        self.secret(key, example: self.variable(key)) { path throws(TextFile.Failure) in
            Secret(try SecretFile.text(path))
        } inPlace: {
            Secret($0.value)
        }
    }

    /// The parsed value of a secret, likewise.
    ///
    /// - Parameters:
    ///   - example: a possible value of the key.
    ///   - parse: throws the fault of a text, as the end of a sentence that begins with the key's name. Its text can't
    ///     be wiped, so it is for values that end in such a text anyway.
    func secretValue<Value, Failure: Error & CustomStringConvertible>(
        _ key: String, example: String, parse: (String) throws(Failure) -> Value
    ) -> Value? {
        let secret = self.secret(key, example: example) { path throws(TextFile.Failure) in
            try SecretFile.text(path).text
        } inPlace: {
            $0.value
        }
        guard let secret else { return nil }
        do throws(Failure) {
            return try parse(secret)
        } catch {
            let location = self.secretLocation(key)
            if self.has(key) {
                self.reading.add(
                    at: location, "\(self.name(of: key)) \(error)", "write e.g. \(key): \(example)")
            } else {
                self.reading.add(
                    at: location, "the content of the file that \(self.name(of: "\(key)_file")) names \(error)",
                    "write into it e.g. \(example)")
            }
            return nil
        }
    }

    /// A private key, likewise.
    func privateKey(_ key: String) -> Ed25519PrivateKey? {
        self.secret(key, example: self.variable(key)) { path throws(TextFile.Failure) in
            let content = try SecretFile.read(path)
            do throws(PrivateKeyError) {
                return try Ed25519PrivateKey.read(content)
            } catch {
                throw TextFile.Failure(problem: error.problem, remedy: error.remedy)
            }
        } inPlace: { text in
            do throws(PrivateKeyError) {
                return try Ed25519PrivateKey.read(SecretBytes(text.value))
            } catch {
                self.reading.add(at: text.location, "\(self.name(of: key)) \(error.problem)", error.remedy)
                return nil
            }
        }
    }

    /// The place of a secret: its own value, or its file's name.
    func secretLocation(_ key: String) -> Location {
        (self.entry(key) ?? self.entry("\(key)_file"))?.value.location ?? self.location
    }

    private func variable(_ key: String) -> String { "\"${\(key.uppercased())}\"" }

    private func secret<Value>(
        _ key: String, example: String, inFile: (String) throws(TextFile.Failure) -> Value,
        inPlace: (Located<String>) -> Value?
    ) -> Value? {
        let twin = "\(key)_file"
        if self.has(key) {
            self.clash(twin, "is another form of '\(key)'", "remove one of the two")
        }
        let text = self.text(key, Expected(what: "a text", example: example))
        let file = self.text(twin, Expected(what: "a file's path", example: "/run/secrets/\(key)"))
        if let text { return inPlace(text) }
        guard let file, !self.has(key) else { return nil }
        do throws(TextFile.Failure) {
            return try inFile(TextFile.path(file.value, in: self.reading.folder))
        } catch {
            self.reading.add(
                at: file.location,
                "the file \(Shown.quoted(file.value)) that \(self.name(of: twin)) names \(error.problem)",
                error.remedy)
            return nil
        }
    }
}
