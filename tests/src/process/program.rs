//! A program that can be started: where it is, with which arguments and environment.

use std::{
    env,
    ffi::OsString,
    net::TcpListener,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use tokio::process::Command;

use super::{Process, ProcessError};

/// A program with its arguments and environment. The environment is empty but for what is given here.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: Option<PathBuf>,
    input: Option<Arc<TcpListener>>,
}

impl Program {
    /// The program at `path`.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), arguments: Vec::new(), environment: Vec::new(), folder: None, input: None }
    }

    /// A program of this workspace. Looks, in this order, at the variable `TEST_BIN_NAME` (upper case, `-` as
    /// `_`), at cargo's `CARGO_BIN_EXE_name`, and beside the test binary in the target folder.
    ///
    /// # Errors
    /// [`ProcessError::NotFound`] names the places: build the program first.
    pub fn named(name: &str) -> Result<Self, ProcessError> {
        let variable = format!("TEST_BIN_{}", name.to_uppercase().replace('-', "_"));
        let given = [variable.clone(), format!("CARGO_BIN_EXE_{name}")];
        let mut places: Vec<PathBuf> = given.iter().filter_map(env::var_os).map(PathBuf::from).collect();
        if let Ok(test) = env::current_exe() {
            // target/PROFILE/deps/test-binary, and the program in target/PROFILE.
            places.extend(test.ancestors().skip(1).take(2).map(|folder| folder.join(name)));
        }
        match places.iter().find(|place| place.is_file()) {
            Some(place) => Ok(Self::at(place)),
            None => Err(ProcessError::NotFound { name: name.to_owned(), variable, places }),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Sets the working folder.
    #[must_use]
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = Some(folder.as_ref().to_owned());
        self
    }

    /// The same environment and folder for another program, without arguments.
    #[must_use]
    pub fn replace_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = path.into();
        self.arguments.clear();
        self
    }

    /// Gives it a listener as its standard input, for a shell that hands it on.
    #[must_use]
    pub fn listener_as_input(mut self, listener: TcpListener) -> Self {
        self.input = Some(Arc::new(listener));
        self
    }

    /// Where the program is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts it. Its standard input is empty if nothing else was given, its output is captured line by line.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self) -> Result<Process, ProcessError> {
        let cannot = |source| ProcessError::Start { path: self.path.clone(), source };
        let input = match &self.input {
            Some(listener) => OwnedFd::from(listener.try_clone().map_err(cannot)?).into(),
            None => Stdio::null(),
        };
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let child = command.spawn().map_err(cannot)?;
        Ok(Process::new(child))
    }
}
